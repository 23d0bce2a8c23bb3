import Diagnostics
import Encoders

// Houlsby adapters (Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019, arXiv
// 1902.00751):
//
//   o' = o + s (act(o W_d + b_d) W_u + b_u)        o = a W_O + b_O      the output of W_O
//   y' = y + s (act(y W_d + b_d) W_u + b_u)        y = u W_2 + b_2      the output of W_2
//
// each with its own matrices, before dropout, residual and LayerNorm; γ and β of both LayerNorms of the layer
// are trained too. Start: both matrices truncated normal with deviation 0.001, so that o' differs from o by
// about 1e-5; with the start `zero-up` it is equal. Gradients: see `Bottleneck`. Scale s = 1, and no
// LayerNorm on the input.
//
// Parameters: 2 L (2 d m + m + d) and 4 L d of the norms; BERT-base, m = 64: 2,379,264 + 36,864.

/// Houlsby adapters: a bottleneck after the attention and one after the feed-forward layer.
package struct Houlsby: BottleneckMethod {
    package static let name = "houlsby"
    package static let source = "Houlsby et al., ICML 2019, arXiv 1902.00751"
    package static let summary = "bottlenecks after attention and feed-forward, and both LayerNorms"
    package static let branches = [
        BottleneckBranch(.projection, label: "attention"), BottleneckBranch(.output, label: "output"),
    ]

    package var bottleneck = BottleneckSettings(norm: .both)

    package init() {}
}
