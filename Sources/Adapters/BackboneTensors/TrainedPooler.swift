import Diagnostics
import Encoders

/// The pretrained pooler, if a method trains it beside the encoder.
enum TrainedPooler {
    /// The pooler's tensors; a backbone without a pooler is a failure.
    static func slices(_ parts: [BackboneTensor.Part], of weights: EncoderWeights) throws -> [ParameterSlice]
    {
        let place = LayerSite(weights.configuration.layers, .pooler)
        return try parts.map { part in
            guard let slice = BackboneTensor.linear(place, part, of: weights) else {
                throw Failure.usage(
                    "is true, but the backbone has "
                        + "no pooler", at: "adapter.pooler", remedy: "set it to false"
                )
            }
            return slice
        }
    }
}

extension MethodKey {
    /// The key `pooler`.
    static func pooler(_ property: SettingPath<Method, Bool>) -> MethodKey {
        MethodKey("pooler", property, "train the pooler too; only for heads that read it")
    }
}
