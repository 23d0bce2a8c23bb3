import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Reports
import Runs
import Studies
import Tasks
import Training

/// `hadamesh affinity`.
struct Affinity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures which tasks should share an adapter, and proposes groups of them.",
        discussion: """
            Measures, over all parameters, by kind and by layer:
              affinity   the share of the column's loss that a step of the row's task takes off (TAG)
              cosine     of the tasks' gradients, mean over the steps
              corrected  of the tasks' gradients, without the noise of small batches
              adapters   of what training changed in the tasks' own adapters
            The first three come from runs in which tasks share parameters, with affinity by default; \
            adapters needs runs in which each task has its own. Several runs of one method and backbone are \
            averaged.

            The proposed groups divide the tasks and have the largest mean gain by TAG's objective: a task \
            gains the mean affinity of its group's other tasks to it, and a task alone gains --alone. All \
            divisions of up to \(GroupingSearch.mostTasks) tasks are compared; of more tasks only the \
            measures are printed.

            --write writes a study with these groups. --check trains the best and the worst groupings on \
            all ranks, as ordinary runs, and prints how well the prediction orders their results; the same \
            command continues after a stop.
            """)

    @Argument(help: "Run directories.")
    var runs: [String]

    @Option(help: "The measure: affinity, cosine, corrected or adapters.")
    var measure: String?

    @Option(
        parsing: .unconditional,
        help: "The number of groups to write or check; by default the best from 2 on, or all of them.")
    var groups: Int?

    @Option(
        parsing: .unconditional,
        help: "The gain of a task alone; by default TAG's -1e6, which any group exceeds.")
    var alone: Double?

    @Option(help: "The format: text, markdown, latex, csv, or json (with all digits).")
    var format = "text"

    @Option(
        help: ArgumentHelp("Write a study with the proposed groups to this file.", valueName: "study"),
        transform: writtenPath)
    var write: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Train this many of the best and of the worst groupings.", valueName: "n"))
    var check: Int?

    @Option(parsing: .unconditional, help: "With --check: the steps of the adapter stage.")
    var steps: Int?

    @Option(help: "With --check: the folder of its runs.", transform: writtenPath)
    var output: String?

    @Option(help: "The backbone's folder or name, if it has moved since the runs.")
    var backbone: String?

    @Option(help: "The data folder, if it has moved since the runs.")
    var data: String?

    func validate() throws {
        if check == nil, steps != nil || output != nil {
            throw ValidationError("--steps and --output are for --check")
        }
        if check != nil, steps == nil || output?.isEmpty != false {
            throw ValidationError("--check needs --steps N and --output DIR")
        }
        if let check, check < 1 { throw ValidationError("--check is \(check), expected 1 or more") }
        if let steps, steps < 1 { throw ValidationError("--steps is \(steps), expected 1 or more") }
        if let alone, !alone.isFinite { throw ValidationError("--alone is \(alone), expected a number") }
    }

    func run() throws {
        MPI.run { world in
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let measured = try MeasuredRuns(runs, backbone: backbone, data: data)
            let affinity = try measured.affinity(measure)
            let study = measured.study(of: affinity.tasks, affinity.measure)
            let search = try search(affinity)
            let groupings = search.map { search in
                affinity.tasks.indices.compactMap { search.best(groups: $0 + 1) }
            }
            let chosen = groupings.flatMap { groupings in
                groups.map { groupings[$0 - 1] }
                    ?? groupings.dropFirst().max { $0.score < $1.score }
            }
            if let write, let chosen {
                try onRoot(world) {
                    try self.write(
                        study.grouped(chosen, affinity.tasks), affinity.measure,
                        of: measured.directories(of: affinity.measure), to: write)
                }
            }
            var checks: [AffinityReport.Check] = []
            if let check, let search {
                guard
                    let done = try GroupingCheck(
                        study: study, tasks: affinity.tasks, steps: steps ?? 1, folder: output ?? ""
                    ).run(search.extremes(check, groups: groups), world)
                else { return 75 }
                checks = done
            }
            try onRoot(world) {
                let report = AffinityReport(affinity, groupings ?? [], checks: checks)
                try TextOutput.write([report.report(format, width: TextOutput.width())])
            }
            return 0
        }
    }

    /// The search for groups; nil if there can be none and none was asked for.
    private func search(_ affinity: TaskAffinity) throws -> GroupingSearch? {
        let (count, most) = (affinity.tasks.count, GroupingSearch.mostTasks)
        if let groups, !(1...count).contains(groups) {
            throw Failure.usage("is \(groups), expected 1 to \(count), the number of tasks", at: "--groups")
        }
        do {
            if count > most {
                throw Failure.usage(
                    "there are \(count) tasks; groups are searched for among up to \(most)",
                    remedy: "leave out --groups, --write and --check, or name fewer runs")
            }
            return GroupingSearch(try affinity.complete(), alone: alone ?? GroupingSearch.alone)
        } catch let failure as Failure where groups == nil && write == nil && check == nil {
            if SingleProcess.isFirst {
                StandardError.say("note: no groups are proposed: \(failure.message)")
            }
            return nil
        }
    }

    /// Writes the study; a file that has it already is left, since a check that goes on writes it again.
    private func write(
        _ study: Study, _ measure: AffinityMeasure, of runs: [String], to path: String
    ) throws {
        let header =
            "# Groups proposed by hadamesh affinity --measure \(measure.rawValue) of\n"
            + runs.map { "#   \($0)\n" }.joined()
        let text = Data((header + (try StudyFile.text(of: study))).utf8)
        if FileManager.default.contents(atPath: path) == text { return }
        if FileManager.default.fileExists(atPath: path) {
            throw Failure.usage("already exists", at: path, remedy: "choose another file")
        }
        try AtomicFile.write(text, to: path)
        StandardError.say("wrote \(path)")
    }
}
