import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Studies
import Tasks
import Tokenizers
import Training

/// `hadamesh train`.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a study, in one process or on several ranks.",
        discussion: """
            The run directory receives results.json, report.html, adapters/<task>/, checkpoints/, \
            journal.jsonl and TensorBoard events. SIGTERM, SIGUSR1, SIGINT (Ctrl-C) or SIGHUP stops the run \
            after a checkpoint with exit code 75. Plain mpirun kills its ranks a second after Ctrl-C: use \
            launch/local, or kill -USR1 mpirun's process.

            hadamesh train --resume RUN continues a run on any number of ranks. The study is the run's own; \
            --set backbone=DIR and --set data=DIR name folders that have moved. In a job script that is \
            started again and again, hadamesh train STUDY --output RUN --resume begins the run the first \
            time, continues it later, and does nothing once it is finished.
            """)

    @Argument(
        help: ArgumentHelp(
            "The study file, in YAML; with --resume and without --output, the run directory.",
            valueName: "study or run"))
    var study: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: "The run directory to create; runs/<study>-<time> by default.", transform: writtenPath)
    var output: String?

    @OptionGroup
    var options: StudyOptions

    @Flag(help: "Continue a run from its newest checkpoint, or from the start without one.")
    var resume = false

    @Flag(help: "Resume even if kernels or version now give different bits, and mark the result as mixed.")
    var allowDifferentKernels = false

    @Option(parsing: .unconditional, help: "Fail unless exactly this many ranks are running.")
    var expectRanks: Int?

    @Flag(help: "Print only warnings and the final table.")
    var quiet = false

    func validate() throws {
        if output?.isEmpty == true { throw ValidationError("--output is empty, expected a run directory") }
    }

    func run() throws {
        MPI.run { world in
            if let expectRanks, expectRanks != world.size {
                throw Failure.usage(
                    "the world has \(world.size) \(world.size == 1 ? "rank" : "ranks"), "
                        + "expected \(expectRanks)",
                    at: "--expect-ranks",
                    remedy: "start with mpirun -n \(expectRanks), or an srun that supports this MPI's PMIx")
            }
            let run = resume && output == nil ? RunDirectory(path: study) : nil
            if let run, options.changes.isEmpty, try fromRoot(world, { RunFiles.haveFinished(run) }) {
                sayFinished(run, world)
                return 0
            }
            let study = try run.map { try options.study(of: $0, on: world) } ?? readStudy()
            StopSignal.install()
            return try train(study, world)
        }
    }

    private func readStudy() throws -> Study {
        if RunFiles.isFolder(study) {
            throw Failure.usage(
                "is a folder, expected a study file", at: study, remedy: StudyFile.remedy(forFolder: study))
        }
        return try options.study(study)
    }

    private func train(_ study: Study, _ world: MPICommunicator) throws -> Int32 {
        let status = StatusLine(quiet: quiet || world.rank != 0)
        let inputs = try TrainingJob.Inputs(study, world, status)
        let isOfRun = resume && output == nil
        let directory = output ?? (isOfRun ? self.study : defaultOutput)
        let job = TrainingJob(
            file: isOfRun ? nil : self.study, directory: directory, isResuming: resume,
            allowsDifferentKernels: allowDifferentKernels, acceptsResultsOfOtherKernels: true,
            display: Progress(
                directory: RunDirectory(path: directory), evaluatedEvery: study.evaluation.every,
                printsScores: true, status))
        switch try job.run(inputs.context(study), on: inputs.backbone, world) {
        case .finished: return 0
        case .wasFinished:
            status.close()
            sayFinished(RunDirectory(path: directory), world)
            return 0
        case .stopped, .paused: return 75
        case .diverged(let failure), .unprunable(let failure): throw failure
        }
    }

    private func sayFinished(_ run: RunDirectory, _ world: MPICommunicator) {
        if world.rank == 0 { StandardError.say("finished already; nothing to do: \(run.path)") }
    }

    private var defaultOutput: String {
        let name = URL(fileURLWithPath: study).deletingPathExtension().lastPathComponent
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(format.string(from: Date()))"
    }
}
