package import Encoders
package import Formats

/// Which backbone an adapter was trained on, as its `adapter_config.json` says it under `hadamesh.backbone`.
package struct BackboneIdentity: Sendable, Equatable {
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
        family = shape.family.name
        (layers, hidden) = (shape.layers, shape.hidden)
        (heads, intermediate) = (shape.heads, shape.intermediate)
        layerNormEpsilon = shape.layerNormEpsilon
        checksum = weights.checksum
    }

    /// Reads what ``json`` wrote; nil for anything else.
    package init?(_ json: JSONValue) {
        guard let family = json["family"]?.string, let layers = json["layers"]?.int,
            let hidden = json["hidden"]?.int, let heads = json["heads"]?.int,
            let intermediate = json["intermediate"]?.int, let checksum = json["checksum"]?.int
        else { return nil }
        self.family = family
        (self.layers, self.hidden) = (layers, hidden)
        (self.heads, self.intermediate) = (heads, intermediate)
        layerNormEpsilon = json["layerNormEpsilon"]?.double.map { Float($0) }
        self.checksum = checksum
    }

    /// An object with all of it.
    package var json: JSONValue {
        [
            "family": .string(family), "layers": .integer(layers), "hidden": .integer(hidden),
            "heads": .integer(heads), "intermediate": .integer(intermediate),
            "layerNormEpsilon": layerNormEpsilon.map { .number(Double($0)) } ?? .null,
            "checksum": checksum.map { .integer($0) } ?? .null,
        ]
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
