import Adapters
import ArgumentParser
import Diagnostics
import Encoders
import Formats
import Foundation

/// `hadamesh methods`.
struct Methods: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists every adapter method: settings, defaults, parameter count, mergeability, source.",
        discussion: """
            Counts are per task, with the default settings on the backbone of --backbone. A study names a \
            method under `adapter`, as `adapter: lora` or `adapter: { method: lora, rank: 4 }`, or several \
            in a list. --set adapter.method=NAME keeps the settings that both methods take.
            """)

    @Argument(help: "A method; all methods by default.")
    var name: String?

    @Option(help: "A backbone's folder or name, for parameter counts and operations.")
    var backbone: String?

    @Option(help: "The sequence length for the operations per token.")
    var tokens = 128

    /// The largest number of positions that a backbone may have.
    private static let mostTokens = 1 << 20

    func validate() throws {
        guard (1...Self.mostTokens).contains(tokens) else {
            throw ValidationError("--tokens is \(tokens), expected 1 to \(Self.mostTokens)")
        }
    }

    func run() throws {
        try SingleProcess.run {
            let weights = try backbone.map {
                try EncoderWeights(directory: BackboneReference($0).folder)
            }
            var chosen = AdapterTable.all
            if let name {
                guard let method = AdapterTable.method(named: name) else {
                    throw Failure.usage(
                        "unknown method '\(name)'",
                        remedy: didYouMean(name, among: AdapterTable.all.map { $0.name }))
                }
                chosen = [method]
            }
            print(try chosen.map { try describe($0, on: weights) }.joined(separator: "\n\n"))
        }
    }

    private func describe(_ type: any AdapterMethod.Type, on weights: EncoderWeights?) throws -> String {
        let method = type.init()
        let given = type.settings.filter { $0.example != nil }.map(\.key)
        var facts: [[String]] = []
        if let weights {
            facts +=
                given.isEmpty
                ? try costs(of: method, on: weights)
                : [["parameters", "depend on \(given.joined(separator: ", "))"]]
        }
        switch method.mergeability {
        case .exact: facts.append(["merging", "exact"])
        case .never(let reason): facts.append(["merging", "never: \(reason)"])
        }
        if !method.isIdentityAtStart {
            facts.append(["start", "not exactly the frozen backbone's outputs"])
        }
        return try MethodDescription(type, facts: facts).text()
    }

    private func costs(of method: any AdapterMethod, on weights: EncoderWeights) throws -> [[String]] {
        let count = ParameterLayout(try method.slices(on: weights, seed: 0)).adapterCount
        let share = 100 * Double(count) / Double(weights.configuration.parameterCount)
        let frozen = weights.configuration.forwardOperations(tokens: tokens)
        let added = try method.addedOperations(on: weights, tokens: tokens)
        return [
            ["parameters", "\(count) (\(String(format: "%.3f", share)) % of the backbone)"],
            [
                "operations",
                "+\(String(format: "%.0f", added)) per token of \(tokens) "
                    + "(+\(String(format: "%.3f", 100 * added / frozen)) % of the forward)",
            ],
        ]
    }
}
