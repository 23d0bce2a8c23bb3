import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Merging
import Reports
import Runs
import Studies
import Tasks

/// `hadamesh merge`.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Merges adapters that were trained apart into one, and scores it on every task.",
        discussion: """
            Merges the offsets of the tasks' adapters from their common start (w − 1 and b for a Hadamard \
            adapter), tensor by tensor; each task keeps its own head. A tensor that several tasks of a run \
            share counts once, but in an average once for each of them. The result is an ordinary run for \
            evaluate, predict, export and compare. Prints each task's score with its own adapter, with the \
            merged one, and with those of --joint. Ranks share the work.

            Rules:
            \(rules)
            """)

    private static var rules: String {
        let width = MergeTable.methods.names.map(\.count).max() ?? 0
        return MergeTable.all.map { rule in
            "  " + rule.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + rule.summary
        }.joined(separator: "\n")
    }

    @Argument(help: "Run directories with different tasks, or one run with an adapter for each task.")
    var runs: [String]

    @Option(
        help: ArgumentHelp(
            "The rule: \(MergeTable.methods.names.joined(separator: ", ")).", valueName: "rule"))
    var rule: String

    @Option(help: "The run directory to create.", transform: writtenPath)
    var output: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "A weight for every task, or one for each in the order of runs and tasks; 1 by default.",
            valueName: "a,b,…"))
    var weights: String?

    @Option(
        parsing: .unconditional,
        help: "The share of entries that each adapter keeps: 0.2 by default with ties, 0.5 with dare.")
    var density: Double?

    @Option(parsing: .unconditional, help: "The seed of dare's random numbers; 42 by default.")
    var seed: UInt64?

    @Option(
        parsing: .singleValue,
        help: "A finished run to show beside, such as one that trained the tasks jointly; may be repeated.")
    var joint: [String] = []

    @Option(help: "The data folder, if it has moved since the runs, or other data to score on.")
    var data: String?

    @OptionGroup
    var inputs: TrainedRunInputs

    func run() throws {
        MPI.run { world in
            try onRoot(world) { try WrittenRun.requirePlace(ofRun: output) }
            let sources = try runs.map { SourceRun($0, try inputs.study(of: $0, data: data)) }
            let study = try SourceRun.study(
                of: sources, sameData: data == nil, allowing: inputs.allowed)
            let settings = try MergeSettings(
                rule: rule, of: study.tasks.map(\.name), weights: try numbers(), density: density, seed: seed)
            let beside = try joint.map { try ScoreColumns.Column(ofRun: $0) }
            let loaded = try LoadedBackbone(study, on: world, for: .inference)
            let trained = try sources.map { try inputs.trained($0.directory.path, $0.study, loaded) }
            let merge = try AdapterMerge(trained, settings)
            let status = StatusLine(quiet: world.rank != 0)
            let display = ReadingDisplay(status)
            let context = try RunContext(
                study, loaded.model,
                TaskData.all(
                    study.tasks.map { try $0.resolve() }, study, loaded.tokenizer, in: NodeTokens(world),
                    reportingTo: display))
            world.watch?.enter(.evaluation, step: 0)
            let scores = try merge.evaluate(
                context, requiringDataOf: data == nil ? trained : [], world, reportingTo: display)
            status.close()
            try onRoot(world) {
                let results = AdapterMerge.results(scores, context)
                try WrittenRun.create(
                    merge, context, results, loaded.identity(of: study, context.data),
                    record(sources, settings), at: output)
                try report(merge, sources, results, beside)
            }
            return 0
        }
    }

    private func numbers() throws -> [Double]? {
        try weights.map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let number = Double(part) else {
                    throw Failure.usage(
                        "'\(part)' is not a number", at: "--weights", remedy: "such as --weights 0.5,1,1")
                }
                return number
            }
        }
    }

    private func record(_ sources: [SourceRun], _ settings: MergeSettings) -> MergeRecord {
        let tasks = sources.flatMap { source in
            source.study.tasks.map { (task: $0.name, run: source.directory.path) }
        }
        return MergeRecord(
            rule: rule, density: settings.density, seed: settings.seed,
            from: tasks.enumerated().map { index, member in
                MergeRecord.Source(task: member.task, run: member.run, weight: settings.weights?[index])
            })
    }

    private func report(
        _ merge: AdapterMerge, _ sources: [SourceRun], _ results: RunResults,
        _ beside: [ScoreColumns.Column]
    ) throws {
        let columns =
            [
                ScoreColumns.Column(name: "own", try sources.map { try $0.results() }),
                ScoreColumns.Column(name: rule, [results]),
            ] + beside
        if merge.unchanged > 0 {
            StandardError.say(
                "note: \(merge.unchanged) of \(merge.tensors) tensors stay at their start: \(rule) found "
                    + "nothing to merge in them")
        }
        if merge.hasFactors {
            StandardError.say(
                "note: this method multiplies matrices, which were merged one by one; the product of merged "
                    + "matrices is not the merged product")
        }
        try TextOutput.write([
            ScoreColumns(results.scores.names, columns).text, "wrote \(output)",
        ])
    }
}
