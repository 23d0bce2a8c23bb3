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

    @Option(help: "A backbone's folder, for parameter counts and operations.")
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
            let weights = try backbone.map { try EncoderWeights(directory: $0) }
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
        let given = type.settings.compactMap { setting in setting.example.map { (setting.key, $0) } }
        let section = JSONValue.object(
            [("method", .string(type.name))] + given.map { ($0, .array($1.map { .string($0) })) })
        let settings = try AdapterSettings(json: section)
        let method = settings.method
        var facts = [["source", type.source]]
        if let weights, given.isEmpty { facts += try costs(of: method, on: weights) }
        if weights != nil, !given.isEmpty {
            facts.append(["parameters", "depend on \(given.map(\.0).joined(separator: ", "))"])
        }
        switch method.mergeability {
        case .exact: facts.append(["merging", "exact"])
        case .never(let reason): facts.append(["merging", "never: \(reason)"])
        }
        if !method.isIdentityAtStart {
            facts.append(["start", "not exactly the frozen backbone's outputs"])
        }
        let defaults = try JSONValue(encoding: settings).canonical
        let rows = type.settings.map { setting -> [String] in
            let value =
                setting.example == nil ? defaults[setting.key].map(Self.text) ?? "none" : "must be given"
            return [setting.key, value, setting.allowed, setting.meaning]
        }
        var tables = [[[type.summary]], facts]
        if !rows.isEmpty { tables.append([["setting", "default", "allowed", "meaning"]] + rows) }
        let lines = tables.flatMap {
            TextTable($0).folded(within: TextOutput.width() - 2).split(separator: "\n").map { "  \($0)" }
        }
        return ([type.name] + lines).joined(separator: "\n")
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

    /// A value as a study has it.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .object(let members): "{ \(members.map { "\($0): \(text($1))" }.joined(separator: ", ")) }"
        default: value.encoded()
        }
    }
}
