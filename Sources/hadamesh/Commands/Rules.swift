import ArgumentParser
import Combination
import Diagnostics
import Merging
import Sampling

/// `hadamesh rules`.
struct Rules: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Lists combination rules, weightings of losses, samplers and merge rules: settings, defaults, \
            source.
            """,
        discussion: """
            A study names a rule under `combination.rule`, with its settings beside it, as \
            `combination: { rule: cagrad, radius: 0.4 }`, and a weighting under `combination.weights`, as \
            `weights: uncertainty`, `weights: { name: rate, temperature: 3 }` or `weights: { cola: 2 }`. \
            Weights scale each task's gradient before the rule. It names a sampler, the rule for the tasks' \
            shares of the examples, as `sampler: uniform` or `sampler: { name: temperature, cap: 5000 }`. \
            --set with another name drops the settings that the new rule, weighting or sampler does not \
            take. The settings of a merge rule are options of `hadamesh merge`.
            """)

    @Argument(help: "A rule, weighting, sampler or merge rule, or the kind of them; all by default.")
    var name: String?

    private struct Kind {
        let title: String
        let methods: [any PublishedMethod.Type]
    }

    private static let kinds = [
        Kind(title: "rules", methods: CombinationTable.all),
        Kind(title: "weightings", methods: WeightingTable.all + [Given.self]),
        Kind(title: "samplers", methods: SamplerTable.all),
        Kind(title: "merge rules", methods: MergeTable.all),
    ]

    func run() throws {
        try SingleProcess.run {
            let chosen = try chosen()
            print(
                try chosen.flatMap { kind in
                    try ["\(kind.title):"] + kind.methods.map { try MethodDescription($0).text() }
                }.joined(separator: "\n\n"))
        }
    }

    /// The kinds of the methods with the name, or the kind of that name.
    ///
    /// A name may have methods of two kinds.
    private func chosen() throws -> [Kind] {
        guard let name else { return Self.kinds }
        let titled = Self.kinds.filter { $0.title == name }
        if !titled.isEmpty { return titled }
        let named = Self.kinds.compactMap { kind -> Kind? in
            let methods = kind.methods.filter { $0.name == name }
            return methods.isEmpty ? nil : Kind(title: kind.title, methods: methods)
        }
        if named.isEmpty {
            throw Failure.usage(
                "unknown rule, weighting, sampler or merge rule '\(name)'",
                remedy: didYouMean(name, among: Self.kinds.flatMap { $0.methods.map { $0.name } }.distinct))
        }
        return named
    }
}
