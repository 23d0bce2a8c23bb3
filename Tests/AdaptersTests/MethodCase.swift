import Adapters
import Testing

/// One setting of one method, as a study writes it, and what it must come to on the tiny BERT (d = 24, three layers).
///
/// To add a method, add its cases to ``all``: the matrix in `AdapterMethodTests` then holds it to every law.
struct MethodCase: Sendable, CustomTestStringConvertible {
    /// The `adapter` section of a study, as JSON.
    let settings: String
    /// Every key that the section has once defaults are filled in, `method` aside.
    let keys: Set<String>
    /// The layers that have parameters.
    let layers: [Int]
    /// How many parameters there are for width d in each of those layers.
    let countInLayer: @Sendable (_ d: Int) -> Int

    var testDescription: String { settings }

    /// The cases of every method, by its name.
    static let all: [String: [MethodCase]] = [
        "hadamard": [
            hadamard(#"{"method": "hadamard"}"#, norms: 1),
            hadamard(#"{"method": "hadamard", "site": "projection"}"#, norms: 1),
            hadamard(#"{"method": "hadamard", "norm": "output", "layers": "all"}"#, norms: 1),
            hadamard(#"{"method": "hadamard", "site": "heads", "norm": "both"}"#, norms: 2),
            hadamard(#"{"method": "hadamard", "site": "projection", "norm": "none"}"#, norms: 0),
            hadamard(#"{"method": "hadamard", "norm": "none", "layers": "1-2"}"#, norms: 0, layers: [1, 2]),
            hadamard(
                #"{"method": "hadamard", "site": "projection", "norm": "output", "layers": "0,2"}"#, norms: 1,
                layers: [0, 2]),
            hadamard(#"{"method": "hadamard", "norm": "both", "layers": 2}"#, norms: 2, layers: [2]),
        ]
    ]

    /// The cases of the methods in the table.
    static var ofTable: [MethodCase] { AdapterTable.all.flatMap { all[$0.name] ?? [] } }

    /// w and b, and γ and β of each norm.
    private static func hadamard(_ settings: String, norms: Int, layers: [Int] = [0, 1, 2]) -> MethodCase {
        MethodCase(settings: settings, keys: ["site", "norm", "layers"], layers: layers) { d in
            2 * d + 2 * d * norms
        }
    }
}
