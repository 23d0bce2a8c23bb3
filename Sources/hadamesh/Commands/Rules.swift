import ArgumentParser
import Combination
import Diagnostics
import Formats
import Foundation

/// `hadamesh rules`.
struct Rules: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists every combination rule and every weighting of losses: settings, defaults, source.",
        discussion: """
            A study names a rule under `combination.rule`, with its settings beside it, as \
            `combination: { rule: cagrad, radius: 0.4 }`, and a weighting under `combination.weights`, as \
            `weights: uncertainty`, `weights: { name: rate, temperature: 3 }` or `weights: { cola: 2 }`. \
            Weights scale each task's gradient before the rule.
            """)

    @Argument(help: "A rule or weighting; all by default.")
    var name: String?

    func run() throws {
        try SingleProcess.run {
            let groups: [(title: String, formulas: [any Formula.Type])] = [
                ("rules", CombinationTable.all), ("weightings", WeightingTable.all + [Given.self]),
            ]
            guard let name else {
                let blocks = groups.flatMap { group in
                    ["\(group.title):"] + group.formulas.map { describe($0) }
                }
                return print(blocks.joined(separator: "\n\n"))
            }
            let all = groups.flatMap(\.formulas)
            guard let formula = all.first(where: { $0.name == name }) else {
                throw Failure.usage(
                    "unknown rule or weighting '\(name)'",
                    remedy: didYouMean(name, among: all.map { $0.name }))
            }
            print(describe(formula))
        }
    }

    private func describe(_ type: any Formula.Type) -> String {
        var tables = [[[type.summary]], [["source", type.source]]]
        let rows = type.settings.map { setting in
            [
                setting.key, Self.text(setting.standard),
                "\(Self.text(setting.range.lowerBound)) to \(Self.text(setting.range.upperBound))",
                setting.meaning,
            ]
        }
        if !rows.isEmpty { tables.append([["setting", "default", "allowed", "meaning"]] + rows) }
        let lines = tables.flatMap {
            TextTable($0).folded(within: TextOutput.width() - 2).split(separator: "\n").map { "  \($0)" }
        }
        return ([type.name] + lines).joined(separator: "\n")
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}
