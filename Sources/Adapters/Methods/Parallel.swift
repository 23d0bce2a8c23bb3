import Diagnostics
import Encoders
import Kernels

// Scaled parallel adapter (He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR
// 2022, arXiv 2110.04366):
//
//   y' = y + s (act(h1 W_d + b_d) W_u + b_u)       y = u W_2 + b_2, s = 4
//
// beside the whole feed-forward layer, whose input h1 it reads. ReLU by default: the paper describes the
// adapter as a second, small feed-forward layer, and its code uses ReLU. Start: W_d uniform in ±1/√d, all
// else 0, so that y' = y exactly. Gradients: see `Bottleneck`; that of the input is added to h1's.
//
// Parameters: L (2 d m + m + d); BERT-base, m = 64: 1,189,632.

/// The scaled parallel adapter: a bottleneck beside the feed-forward layer.
package struct Parallel: BottleneckMethod {
    package static let name = "parallel"
    package static let source = "He et al., ICLR 2022, arXiv 2110.04366"
    package static let summary = "a scaled bottleneck beside the feed-forward layer"
    package static let branches = [BottleneckBranch(.output)]

    package var bottleneck = BottleneckSettings(
        activation: .relu, start: .kaiming, reads: .input, scale: 4)

    package init() {}
}
