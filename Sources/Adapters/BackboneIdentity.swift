package import Encoders

/// Which backbone an adapter was trained on, as its `adapter_config.json` says it under `hadamesh.backbone`.
package struct BackboneIdentity: Codable, Sendable, Equatable {
    /// The family's name in `model_type`.
    package let family: String
    /// Layers, the width of hidden states, attention heads and the width of the feed-forward layer.
    package let layers, hidden, heads, intermediate: Int
    /// ε of every LayerNorm; nil in adapters of a version that did not write it.
    package let layerNormEpsilon: Float?
    /// What tells it from another of the same shape; nil for a copy in memory.
    package let checksum: Int?

    /// Reads all of the backbone's files, unless its checksum is known.
    package init(of weights: EncoderWeights) {
        let shape = weights.configuration
        family = shape.family
        (layers, hidden) = (shape.layers, shape.hidden)
        (heads, intermediate) = (shape.heads, shape.intermediate)
        layerNormEpsilon = shape.layerNormEpsilon
        checksum = weights.checksum
    }

    /// The difference between this backbone and a present one, in words; nil where there is none.
    package func difference(from present: BackboneIdentity) -> String? {
        if !hasShape(of: present) { return "it was a \(shape), this is a \(present.shape)" }
        if let own = layerNormEpsilon, let other = present.layerNormEpsilon, own != other {
            return "its layer_norm_eps was \(own), this one's is \(other)"
        }
        return checksum == present.checksum ? nil : "its weights have another checksum"
    }

    /// The shape in words.
    var shape: String {
        "\(family) of \(layers) layers, width \(hidden), \(heads) heads, feed-forward \(intermediate)"
    }

    /// Whether both have one shape, whatever their weights.
    func hasShape(of other: BackboneIdentity) -> Bool { shape == other.shape }
}
