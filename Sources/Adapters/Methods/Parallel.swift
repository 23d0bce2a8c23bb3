import Encoders

// Scaled parallel adapter (He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR 2022,
// arXiv 2110.04366):
//
//   y' = y + s (act(h1 W_d + b_d) W_u + b_u)       y = u W_2 + b_2, s = 4
//
// beside the whole feed-forward layer, whose input h1 it reads. ReLU by default: the paper reads the adapter as a small
// feed-forward layer more, and its code has ReLU. Start: W_d uniform in ±1/√d, all else 0, so that y' = y exactly.
// Gradients: see `Bottleneck`; that of the input goes to h1.
//
// Parameters: L (2 d m + m + d); BERT-base, m = 64: 1,189,632.

/// The scaled parallel adapter: a bottleneck beside the feed-forward layer.
package struct Parallel: BottleneckMethod {
    package static let name = "parallel"
    package static let source = "He et al., ICLR 2022, arXiv 2110.04366"
    package static let summary = "a scaled bottleneck beside the feed-forward layer"
    package static let defaults = BottleneckSettings(
        activation: .relu, start: .kaiming, reads: .input, scale: 4)
    package static let branches = [BottleneckBranch(.output, "parallel")]

    package let bottleneck: BottleneckSettings

    package init(_ bottleneck: BottleneckSettings = Self.defaults) { self.bottleneck = bottleneck }
}
