import Encoders

// Pfeiffer adapters (Pfeiffer et al., "AdapterFusion: Non-Destructive Task Composition for Transfer Learning", EACL
// 2021, arXiv 2005.00247; the placement that their search found best):
//
//   y' = y + s (act(y W_d + b_d) W_u + b_u)        y = u W_2 + b_2      the output of W_2
//
// before dropout, residual and LayerNorm; the LayerNorms stay frozen. Starts as Houlsby's. Gradients: see `Bottleneck`.
// AdapterHub's configuration of that name lets the bottleneck read LN2(y + h1) and adds its result to y: `reads: normalized`.
// By default it reads y, as the placement is commonly described.
//
// Parameters: L (2 d m + m + d); BERT-base, m = 64: 1,189,632.

/// Pfeiffer adapters: one bottleneck behind the feed-forward layer.
package struct Pfeiffer: BottleneckMethod {
    package static let name = "pfeiffer"
    package static let source = "Pfeiffer et al., EACL 2021, arXiv 2005.00247"
    package static let summary = "one bottleneck behind the feed-forward layer"
    package static let defaults = BottleneckSettings()
    package static let branches = [BottleneckBranch(.output, "pfeiffer")]

    package let bottleneck: BottleneckSettings

    package init(_ bottleneck: BottleneckSettings = Self.defaults) { self.bottleneck = bottleneck }
}
