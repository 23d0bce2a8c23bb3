package import Encoders
import Kernels

/// The backbone that an adapter was trained on: `hadamesh.backbone` in its `adapter_config.json`.
package struct BackboneIdentity: Codable, Sendable, Equatable {
    /// The family's name in `model_type`.
    package let family: String
    /// The shape; `intermediate` is the width of the feed-forward layer.
    package let layers, hidden, heads, intermediate: Int
    /// ε of every LayerNorm; nil for an adapter that does not record it.
    package let layerNormEpsilon: Float?
    /// The activation of the feed-forward layers; nil for an adapter that does not record it.
    package let activation: String?
    /// The id of padding after which positions are counted; nil for a family that counts from 0.
    package let paddingId: Int?
    /// The checksum of the backbone's files; nil for a copy in memory.
    package let checksum: Int?

    /// Reads all of the backbone's files if their checksum is not known yet.
    package init(of weights: EncoderWeights) {
        let shape = weights.configuration
        family = shape.family.name
        (layers, hidden) = (shape.layers, shape.hidden)
        (heads, intermediate) = (shape.heads, shape.intermediate)
        layerNormEpsilon = shape.layerNormEpsilon
        activation = shape.activation.rawValue
        paddingId = shape.paddingId
        checksum = weights.checksum
    }

    /// The difference from a present backbone, in words; nil if there is none.
    ///
    /// `run` is the owner's name, if the present backbone is another run's.
    package func difference(from present: BackboneIdentity, of run: String? = nil) -> String? {
        let (its, it) = (run.map { "\($0)'s" } ?? "its", run.map { "\($0)'s" } ?? "it")
        if !hasShape(of: present) { return "\(it) was a \(shape), this is a \(present.shape)" }
        if let own = layerNormEpsilon, let other = present.layerNormEpsilon, own != other {
            return "\(its) layer_norm_eps was \(own), this one's is \(other)"
        }
        if let own = activation, let other = present.activation, own != other {
            return "\(its) activation was \(own), this one's is \(other)"
        }
        if let own = paddingId, let other = present.paddingId, own != other {
            return "\(its) pad_token_id was \(own), this one's is \(other)"
        }
        return checksum == present.checksum ? nil : "\(its) weights' checksum differs"
    }

    var shape: String {
        "\(family) of \(layers) layers, width \(hidden), \(heads) heads, feed-forward \(intermediate)"
    }

    func hasShape(of other: BackboneIdentity) -> Bool { shape == other.shape }
}
