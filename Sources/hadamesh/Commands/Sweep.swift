import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Reports
import Runs

/// `hadamesh sweep`.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains many variants of a study on groups of ranks, and finds the best.",
        discussion: """
            A sweep file names a study, the keys that trials change, and the search:

              base: glue-shared.yaml           # a study; relative to this file
              ranksPerTrial: 1
              metric: { score: mean, on: heldOut }   # or a task's name; heldOut or dev
              search: { method: grid }         # grid; random (trials, seed);
                                               # halving (trials, seed, factor, first)
              parameters:                      # any key of a study, whole sections too
                adapter.method: { values: [hadamard, lora] }
                stages.adapter.learningRate: { logUniform: [1e-4, 3e-2] }
                                               # or uniform, or integers
              seeds: [1]                       # of each trial; its score is their mean
              then: { best: 2, seeds: [11, 12, 13] }   # the best again, scored on dev;
                                               # per: KEY for each value of it

            Which trials run, which are left behind, who wins and every adapter's bytes depend neither on \
            the number of ranks and groups nor on interruptions. --set changes the study, or, as in --set \
            'sweep.then.seeds=[11, 12]', the sweep file. A node keeps one copy of the backbone, and frozen \
            activations are computed once. Each trial is a run directory; a trial that diverges or is \
            refused is a row of the table with the reason. With several seeds the table has intervals and \
            differences to trial 1. The directory receives sweep.json, trials/, then/ and activations/; the \
            last may be removed at the end.
            """)

    @Argument(help: ArgumentHelp("The sweep file, in YAML.", valueName: "sweep"))
    var sweep: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: "The sweep's directory; runs/<sweep file's name> by default.", transform: writtenPath)
    var output: String?

    @OptionGroup
    var options: StudyOptions

    @Flag(help: "Continue a sweep that was stopped; hadamesh sweep --resume DIR needs no file.")
    var resume = false

    @Option(help: "The format of the table: text, markdown, latex, csv or json.")
    var format = "text"

    @Flag(help: "Print only warnings and the final table.")
    var quiet = false

    func validate() throws {
        if sweep == nil { throw ValidationError("name a sweep file, or a sweep's directory with --resume") }
        if output?.isEmpty == true { throw ValidationError("--output is empty, expected a directory") }
    }

    func run() throws {
        MPI.run { world in
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            StopSignal.install()
            let named = sweep ?? ""
            let isDirectory = resume && output == nil && RunFiles.isFolder(named)
            let directory = SweepDirectory(path: isDirectory ? named : output ?? defaultOutput(named))
            world.watch?.use(resumption: directory.resumption)
            var lock: RunLock?
            defer { lock?.release() }
            if isDirectory, !options.changes.isEmpty {
                throw Failure.usage(
                    "a sweep that is resumed by its directory keeps its own study and sweep file",
                    at: "--set",
                    remedy: "resume it without, or start another sweep with another --output")
            }
            let texts = try fromRoot(world) {
                let given =
                    isDirectory ? nil : try SweepFile(path: named, changes: options.changes)
                return try SweepFile.texts(of: given, in: directory, isResuming: resume)
            }
            let file = try SweepFile(
                texts, path: isDirectory ? directory.sweepFile : named, changes: options.changes)
            let run = try SweepRun(file, directory, world, isQuiet: quiet)
            try onRoot(world) {
                try Directory.create(directory.path)
                // Waiting for a lock is no stall.
                lock = try RunLock.take(directory.path) { world.watch?.enter(.startUp, step: 0) }
                try file.begin(in: directory, isResuming: resume)
            }
            let results = try run.run()
            try onRoot(world) {
                if let results {
                    try results.write(to: directory)
                    try show(results, directory, format)
                } else {
                    StandardError.say("stopped\nresume with: \(directory.resumption)")
                }
                TrialClaims(directory.claims).end()
            }
            return results == nil ? 75 : 0
        }
    }

    private func defaultOutput(_ path: String) -> String {
        "runs/\(URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent)"
    }

    private func show(_ results: SweepResults, _ directory: SweepDirectory, _ format: TableFormat) throws {
        var texts = [try SweepTable(results).text(format, width: TextOutput.width())]
        let fresh = results.then.flatMap(\.finishedRuns).map { "\(directory.path)/\($0)" }
        if !fresh.isEmpty, [.text, .markdown, .latex].contains(format) {
            texts.append(
                try Comparison(fresh).table(format, content: .standard, width: TextOutput.width()))
        }
        try TextOutput.write([texts.joined(separator: "\n\n")])
        if results.ranking.isEmpty {
            let failed = results.trials.count { $0.state == .failed }
            let left = results.trials.count - failed
            throw Failure.data(
                left == 0
                    ? "every trial failed; the table says why"
                    : "no trial reached its end: \(failed) failed, and \(left) were left behind; the table "
                        + "says why", at: directory.path)
        }
        if !results.then.isEmpty, fresh.isEmpty {
            throw Failure.data("every winner failed with fresh seeds; the table says why", at: directory.path)
        }
        StandardError.say("done: \(directory.path)")
    }
}
