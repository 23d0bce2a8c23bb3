import Diagnostics
import Encoders

// Pfeiffer adapters (Pfeiffer et al., "AdapterFusion: Non-Destructive Task Composition for Transfer
// Learning", EACL 2021, arXiv 2005.00247; the best placement of their search):
//
//   y' = y + s (act(y W_d + b_d) W_u + b_u)        y = u W_2 + b_2      the output of W_2
//
// before dropout, residual and LayerNorm; the LayerNorms stay frozen. Start as Houlsby's. Gradients: see
// `Bottleneck`. In AdapterHub's configuration of that name the bottleneck reads LN2(y + h1), and its output
// is added to y: `reads: normalized`. By default it reads y, as in common descriptions of the placement.
//
// Parameters: L (2 d m + m + d); BERT-base, m = 64: 1,189,632.

/// Pfeiffer adapters: one bottleneck after the feed-forward layer.
package struct Pfeiffer: BottleneckMethod {
    package static let name = "pfeiffer"
    package static let source = "Pfeiffer et al., EACL 2021, arXiv 2005.00247"
    package static let summary = "one bottleneck after the feed-forward layer"
    package static let branches = [BottleneckBranch(.output)]

    package var bottleneck = BottleneckSettings()

    package init() {}
}
