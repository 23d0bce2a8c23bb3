import Adapters
import Combination
package import Diagnostics
import Sampling

/// A section of a study that names a method of a table and has the method's settings beside the name.
package struct MethodSection: Sendable {
    /// The section's place in a study.
    package let path: [String]
    /// The key that names the method.
    package let nameKey: String
    package let table: MethodTable
    /// Whether the name alone may stand for the section.
    package let hasShortForm: Bool
    /// Whether the section holds others like it, in lists or under keys.
    private let isNested: Bool

    package static let all = [
        MethodSection(
            path: ["adapter"], nameKey: "method", table: AdapterTable.methods, hasShortForm: true,
            isNested: true),
        MethodSection(
            path: ["sampler"], nameKey: "name", table: SamplerTable.methods, hasShortForm: true,
            isNested: false),
        MethodSection(
            path: ["combination"], nameKey: "rule", table: CombinationTable.methods, hasShortForm: false,
            isNested: false),
        MethodSection(
            path: ["combination", "weights"], nameKey: "name", table: WeightingTable.methods,
            hasShortForm: true, isNested: false),
    ]

    /// The section at a place in a study; nil if no such section is there.
    package static func at(_ place: [String]) -> MethodSection? {
        all.first { $0.isNested ? place.starts(with: $0.path) : place == $0.path }
    }
}
