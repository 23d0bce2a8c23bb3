package import Adapters
import Diagnostics
import Kernels
package import Tasks

/// The head's tensors.
package enum HeadSlice {
    /// W [C, d].
    package static let weight = weightName.text
    /// b [C].
    package static let bias = biasName.text
    /// V [d, d] of the dense layer.
    package static let denseWeight = denseWeightName.text
    /// v [d] of the dense layer.
    package static let denseBias = denseBiasName.text

    private static let weightName = TensorName(TensorName.head, "weight")
    private static let biasName = TensorName(TensorName.head, "bias")
    private static let denseWeightName = TensorName(TensorName.head, "dense.weight")
    private static let denseBiasName = TensorName(TensorName.head, "dense.bias")

    /// The slices of a head, which end with W and b.
    ///
    /// W and V are drawn from N(0, 0.02²), as classifiers in `transformers` are; b and v are 0. Heads of
    /// different owners have different initial values.
    package static func slices(
        for output: TaskOutput, width d: Int, dense: HeadDense = .none, owner: String, seed: UInt64
    ) -> [ParameterSlice] {
        let classes = output.width
        func normal(_ count: Int, _ random: CounterRandom) -> ParameterStart {
            .values((0..<count).map { Float(random.normal(UInt64($0)) * 0.02) })
        }
        let owner = FNV1a.hash(owner)
        let last = [
            ParameterSlice(
                weightName, .head, [classes, d],
                normal(classes * d, CounterRandom(seed: seed, .initialization, owner))),
            ParameterSlice(biasName, .head, [classes], .constant(0)),
        ]
        if dense == .none { return last }
        let random = CounterRandom(seed: seed, .initialization, owner, FNV1a.hash(denseWeight))
        return [
            ParameterSlice(denseWeightName, .head, [d, d], normal(d * d, random)),
            ParameterSlice(denseBiasName, .head, [d], .constant(0)),
        ] + last
    }

    /// Whether a tensor is the matrix of one of the head's linear maps, which weight decay applies to.
    package static func isMatrix(_ name: String) -> Bool { name == weight || name == denseWeight }
}
