import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Studies
import Tasks

/// `hadamesh submit`.
struct Submit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes GLUE's submission: the official files of all tasks, and a zip archive of them.",
        discussion: """
            Predicts the test files of the runs' GLUE tasks, and GLUE's diagnostic set (AX) with MNLI's \
            head. Tasks that no run was trained on get the most frequent label of GLUE's training file, for \
            STS-B the mean score. Upload submission.zip at gluebenchmark.com. Ranks share the work.
            """)

    @Argument(help: "Run directories; each GLUE task may be in one of them.")
    var runs: [String]

    @Option(
        name: [.customShort("o", allowingJoined: true), .long], help: "The folder to create.",
        transform: writtenPath)
    var output: String

    @Option(help: "The GLUE folder, if it has moved since the runs.")
    var data: String?

    @OptionGroup
    var inputs: TrainedRunInputs

    func run() throws {
        MPI.run { world in
            try onRoot(world) { try WrittenRun.requireNothing(at: output) }
            let entries = try runs.map { try Entry($0, inputs.study(of: $0, data: data)) }
            try SourceRun.requireDistinctTasks(
                NamedValues(entries.map { ($0.run, $0.tasks.map(\.name)) }),
                remedy: "name one run for each task")
            for entry in entries { try GLUETask.requireTestFiles(of: entry.tasks, in: entry.study.data) }
            var submission = Submission()
            let status = StatusLine(quiet: world.rank != 0)
            let display = ReadingDisplay(status, predicting: true)
            let files = entries.flatMap(\.tasks).flatMap(\.submission)
            var number = 0
            for entry in entries {
                let loaded = try LoadedBackbone(entry.study, on: world, for: .inference)
                let trained = try inputs.trained(entry.run, entry.study, loaded)
                for task in entry.tasks {
                    for file in task.submission {
                        number += 1
                        display.begin(file.name, number, of: files.count)
                        let examples = try task.examples(for: file, in: entry.study.data)
                        let predictions = try trained.predict(
                            task, examples, loaded.tokenizer, world, reportingTo: display)
                        try submission.add(predictions, for: file, of: task)
                        status.say("\(file.name): \(file.count.grouped) predictions of \(entry.run)")
                    }
                }
            }
            try onRoot(world) {
                try submission.write(to: output)
                Self.warn(of: submission.constants)
                try TextOutput.write(["wrote \(output)/submission.zip"])
            }
            return 0
        }
    }

    /// A run with its GLUE tasks.
    private struct Entry {
        let run: String
        let study: Study
        let tasks: [GLUETask]

        init(_ run: String, _ study: Study) throws {
            (self.run, self.study) = (run, study)
            tasks = try study.tasks.compactMap { try $0.resolve() as? GLUETask }
            guard !tasks.isEmpty else {
                throw Failure.usage(
                    "the run has no GLUE task", at: run, remedy: "name only runs with GLUE tasks")
            }
        }
    }

    private static func warn(of answers: [String]) {
        guard !answers.isEmpty else { return }
        StandardError.say(
            "warning: no run trained these tasks, so each gets one answer for all examples: "
                + answers.joined(separator: ", "))
    }
}
