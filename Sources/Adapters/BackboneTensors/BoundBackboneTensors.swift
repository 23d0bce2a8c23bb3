import Diagnostics
import Encoders

/// A method that trains tensors of the backbone and nothing else.
struct BoundBackboneTensors: BoundMethod {
    let slices: [ParameterSlice]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] { slices }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        TrainedBackboneTensors(parameters, on: weights)
    }

    func addedOperations(tokens: Int) -> Double { 0 }
}
