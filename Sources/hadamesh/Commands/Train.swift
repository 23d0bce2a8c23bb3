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
            The run directory receives results.json, adapters/<task>/, checkpoints/, journal.jsonl and \
            TensorBoard events. SIGTERM, SIGUSR1, SIGINT (Ctrl-C) or SIGHUP stops the run after a checkpoint \
            with exit code 75.

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
        help: "The run directory to create; runs/<study>-<time> by default.")
    var output: String?

    @OptionGroup
    var options: StudyOptions

    @Flag(help: "Continue a run from its newest checkpoint, or from the start without one.")
    var resume = false

    @Flag(help: "Resume even if kernels or version now give different bits, and mark the result as mixed.")
    var allowDifferentKernels = false

    @Option(help: "Fail unless exactly this many ranks are running.")
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
            let study = try run.map { try options.study(of: $0, on: world) } ?? readStudy()
            StopSignal.install()
            // A closed output, as in `| head` or a closed terminal, must not end the training.
            signal(SIGPIPE, SIG_IGN)
            let dedicated = study.coordinator == .dedicated && world.rank == 0
            return try train(study, dedicated ? world.withWaitPolicy(.sleep) : world)
        }
    }

    private func readStudy() throws -> Study {
        if RunFiles.isFolder(study) {
            throw Failure.usage(
                "is a folder, expected a study file", at: study,
                remedy: "to continue a run: \(RunDirectory(path: study).resumption)")
        }
        return try options.study(study)
    }

    private func train(_ study: Study, _ world: MPICommunicator) throws -> Int32 {
        let status = StatusLine(quiet: quiet || world.rank != 0)
        status.begin()
        status.show { "loading \(study.backbone)" }
        let backbone = try LoadedBackbone(study, on: world, for: .training)
        let data = try study.tasks.enumerated().map { index, reference in
            let task = try reference.resolve()
            status.show {
                "tokenizing \(task.name), \(index + 1) of \(study.tasks.count) tasks"
            }
            return try TaskData(task, study, backbone.tokenizer)
        }
        let context = try RunContext(study, backbone.model, data)
        try Agreement.checkInputs(
            context, tokenizer: backbone.tokenizer.identity, resuming: resume, world)

        // Only rank 0 writes to the run directory; a failure ends all ranks.
        var output: RunOutput?
        var directory: RunDirectory?
        var recorded: RunIdentity?
        var lock: RunLock?
        var file: String?
        defer { lock?.release() }
        let said = try onRoot(world) {
            let isOfRun = resume && self.output == nil
            let path = self.output ?? (isOfRun ? self.study : defaultOutput)
            let (made, taken) = try RunDirectory.claim(path, resuming: resume) {
                // Waiting for a lock is no stall.
                world.watch?.enter(.startUp, step: 0)
            }
            lock = taken
            let identity = try RunIdentity(
                study, backbone: BackboneIdentity(of: backbone.model.weights),
                tokenizer: backbone.tokenizer.identity, data)
            recorded = try RunFiles.identity(in: made)
            if resume, try RunFiles.areFinished(made, identity, tasks: context.names) {
                status.close()
                StandardError.say("finished already; nothing to do: \(made.path)")
                return []
            }
            _ = try context.computingRanks(of: world.size)
            try context.checkCombination()
            let journal = try Journal(directory: made, appending: resume)
            file = isOfRun ? nil : self.study
            let source = try RunStudy(
                file: RunFiles.source(in: made) ?? file, seed: study.seed, adapter: study.adapter)
            let record = try RunJournal(journal, made, study: source, studyText: StudyFile.text(of: study))
            output = RunOutput(
                made,
                observers: [
                    record, Progress(directory: made, evaluatedEvery: study.evaluation.every, status),
                ])
            directory = made
            return Array(try JSONValue(encoding: identity).encoded().utf8)
        }
        if said.isEmpty { return 0 }
        let resumption = try onRoot(world) { Array((directory?.resumption ?? "").utf8) }
        world.watch?.use(resumption: String(decoding: resumption, as: UTF8.self))
        let place = "the run's identity"
        let identity = try JSONValue(parsing: Data(said), at: place).decoded(
            as: RunIdentity.self, from: place)
        let run = try TrainingRun(context, world, output: output, isStopRequested: { StopSignal.requested })
        try run.begin(
            identity: identity, recorded: recorded, resuming: resume,
            allowingDifferentKernels: allowDifferentKernels)
        for warning in backbone.warnings { try output?.observe(.warned(warning)) }
        // Written only now that the run directory is known to belong to this study.
        let ranks = try RankDescription.all(world, study.arithmetic)
        _ = try onRoot(world) {
            if let directory { try RunFiles.write(study, from: file, backbone, run, ranks, to: directory) }
            return []
        }
        return try run.run() == .stopped ? 75 : 0
    }

    private var defaultOutput: String {
        let name = URL(fileURLWithPath: study).deletingPathExtension().lastPathComponent
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(format.string(from: Date()))"
    }
}
