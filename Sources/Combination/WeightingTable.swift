package import Diagnostics

/// The weightings that studies name; a test compares the table with the files in `Weightings/`.
///
/// ``Given``, the numbers of a study itself, has no name there.
package enum WeightingTable {
    package static let all: [any LossWeighting.Type] = [
        Uniform.self, Examples.self, Uncertainty.self, UncertaintyRevised.self, SoftmaxLoss.self, Rate.self,
        Random.self, FAMO.self,
    ]

    package static let methods = MethodTable("weighting", all)

    package static func weighting(named name: String) -> (any LossWeighting.Type)? {
        all.first { $0.name == name }
    }
}
