import Diagnostics
import Encoders

/// The pretrained pooler where a method trains it beside the encoder, as the setting `pooler` asks.
enum TrainedPooler {
    /// The setting's key.
    static let setting = MethodSetting(
        "pooler", "true, false", "whether the pooler is trained too; only for heads that read it")

    /// The pooler's tensors; a backbone without one is a failure.
    static func slices(_ parts: [BackboneTensor.Part], of weights: EncoderWeights) throws -> [ParameterSlice]
    {
        let place = Place(weights.configuration.layers, .pooler)
        return try parts.map { part in
            guard let slice = BackboneTensor.linear(place, part, of: weights) else {
                throw Failure.usage(
                    "is true, but the backbone has no pooler", at: "adapter.pooler", remedy: "set it to false"
                )
            }
            return slice
        }
    }
}
