/// A point of the forward at which it can be cut: activations below are computed once, cached, and read
/// again.
package struct CutPoint: Sendable, Hashable {
    /// Which of a layer's activations are cached, or the vectors above all layers.
    package enum Position: String, Sendable, CaseIterable {
        /// The layer's input x.
        case input
        /// The output a of the attention heads, with x, which the residual adds: nothing acts on q, k and v.
        case heads
        /// The input h1 of the feed-forward half.
        case feedForwardInput
        /// One vector for each sequence, pooled from the last layer's output.
        case pooled

        /// How many matrices the activations are.
        package var matrices: Int { self == .heads ? 2 : 1 }

        /// The share of a layer's 12 d² multiplications with weights, for f = 4 d, that is below.
        package var shareOfLayer: Double {
            switch self {
            case .input, .pooled: 0
            case .heads: 3.0 / 12
            case .feedForwardInput: 4.0 / 12
            }
        }
    }

    /// The layer; −1 for the embeddings' input, and the number of layers above all of them.
    package let layer: Int
    /// The point in that layer.
    package let position: Position

    /// Names a point of a layer.
    package init(layer: Int, _ position: Position = .input) {
        self.layer = layer
        self.position = position
    }

    /// The first layer's input: the embeddings' output.
    package static let firstLayer = CutPoint(layer: 0)
}

extension EncoderAdaptation {
    /// The highest cut point below which all activations are the frozen backbone's: no hook acts there, and
    /// no tensor of the backbone is replaced.
    package func highestCutPoint(layers: Int) -> CutPoint {
        if embeddings != nil || norm(at: .embeddingNorm) != nil || linear(at: .embeddingProjection) != nil {
            return CutPoint(layer: LayerSite.belowLayers)
        }
        for layer in 0..<layers {
            let lowest = Site.ofLayers.first { site in
                let own = LayerSite(layer, site)
                return acts(at: own) || norm(at: own) != nil || linear(at: own) != nil
                    || (site == .prefix && prefix(in: layer) != nil)
            }
            guard let lowest else { continue }
            return CutPoint(
                layer: layer,
                lowest >= .attentionOutput ? .feedForwardInput : lowest >= .heads ? .heads : .input)
        }
        return CutPoint(layer: layers)
    }
}
