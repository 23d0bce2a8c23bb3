import Adapters
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
import Tokenizers
import Training

/// The training of a study on the ranks of a world, from its inputs to a finished run directory.
struct TrainingJob {
    /// The frozen backbone and the tokenized tasks of a study, which runs with other settings can share.
    struct Inputs {
        let backbone: LoadedBackbone
        let data: [TaskData]

        init(_ backbone: LoadedBackbone, _ data: [TaskData]) {
            (self.backbone, self.data) = (backbone, data)
        }

        /// Loads the inputs; a collective.
        init(_ study: Study, _ world: MPICommunicator, _ status: StatusLine) throws {
            status.begin()
            status.show { "loading \(study.backbone)" }
            backbone = try LoadedBackbone(study, on: world, for: .training)
            data = try TaskData.all(
                study.tasks.map { try $0.resolve() }, study, backbone.tokenizer, in: NodeTokens(world),
                reportingTo: ReadingDisplay(status))
        }

        /// The context of a run of a study on these inputs; no collective.
        func context(_ study: Study) throws -> RunContext { try RunContext(study, backbone.model, data) }
    }

    /// The study file, for the record; nil for a run that is resumed with its own study.
    let file: String?
    /// The run directory; only rank 0's counts.
    let directory: String
    let isResuming: Bool
    var allowsDifferentKernels = false
    /// Whether a run that other kernels have finished counts as finished: nothing is left to compute, but its
    /// scores are not those of this job's kernels.
    var acceptsResultsOfOtherKernels = false
    /// Whether the results of a finished run are enough, without its adapters.
    var acceptsRecords = false
    /// The point before the end at which to pause; nil for none.
    var pausePoint: PausePoint?
    /// The command that continues the job, for messages; nil for the run's own.
    var resumption: String?
    /// Displays the run on rank 0.
    let display: any RunObserver

    /// How a job ended, on all its ranks.
    enum Ending {
        case finished
        /// An earlier start had finished the run.
        case wasFinished
        /// Asked to stop, it wrote a checkpoint.
        case stopped
        /// It wrote a checkpoint at its pause point.
        case paused
        /// The state from before the step that is not finite is saved.
        case diverged(Failure)
        /// The adapters cannot be pruned as the study asks.
        case unprunable(Failure)
    }

    /// Trains until the run is finished, pauses, stops on request or cannot go on; a collective.
    func run(_ context: RunContext, on backbone: LoadedBackbone, _ world: any Communicator) throws -> Ending {
        let study = context.study
        try RankAgreement.checkInputs(
            context, tokenizer: backbone.tokenizer.identity, resuming: isResuming, world)

        // Only rank 0 writes to the run directory; a failure ends all ranks.
        var opened: OpenedRun?
        defer { opened?.lock.release() }
        let identity = try fromRoot(world) { () -> RunIdentity? in
            opened = try open(context, backbone, world)
            return opened?.identity
        }
        guard let identity else { return .wasFinished }
        world.watch?.use(
            resumption: try fromRoot(world) { resumption ?? opened?.directory.resumption ?? "" })
        let run = try TrainingRun(
            context, world, output: opened?.output, pausePoint: pausePoint, stopRequest: StopSignal())
        try run.begin(
            identity: identity, recorded: opened?.recorded, resuming: isResuming,
            allowingDifferentKernels: allowsDifferentKernels)
        for warning in backbone.warnings { try opened?.output.observe(.warned(warning)) }
        // Written only now that the run directory is known to belong to this study.
        let ranks = try RankDescription.all(world, study.arithmetic)
        try onRoot(world) {
            guard let opened else { return }
            try RunFiles.write(study, from: file, backbone, run, ranks, to: opened.directory)
        }
        do {
            switch try run.run() {
            case .stopped: return .stopped
            case .paused: return .paused
            case .finished:
                if study.report, let opened { writeReport(of: opened.directory) }
                return .finished
            }
        } catch let divergence as Divergence {
            return .diverged(divergence.failure)
        } catch let unprunable as Unprunable {
            return .unprunable(unprunable.failure)
        }
    }

    /// The run directory as rank 0 holds it from the start to the end of a job.
    private struct OpenedRun {
        let directory: RunDirectory
        let lock: RunLock
        let output: RunOutput
        let identity: RunIdentity
        /// The identity that an earlier start recorded.
        let recorded: RunIdentity?
    }

    /// Claims the run directory and opens its journal, on rank 0; nil if an earlier start finished the run.
    private func open(
        _ context: RunContext, _ backbone: LoadedBackbone, _ world: any Communicator
    ) throws -> OpenedRun? {
        let study = context.study
        // A refused study leaves no folder; a finished run needs no ranks.
        if !isResuming { try Self.requireStart(of: context, world) }
        let (made, lock) = try RunDirectory.claim(directory, resuming: isResuming) {
            // Waiting for a lock is no stall.
            world.watch?.enter(.startUp, step: 0)
        }
        var isOpen = false
        defer { if !isOpen { lock.release() } }
        let identity = try backbone.identity(of: study, context.data)
        if isResuming {
            let isFinished = try RunFiles.areFinished(
                made, identity, tasks: context.names,
                allowingDifferentKernels: acceptsResultsOfOtherKernels, acceptingRecords: acceptsRecords)
            if isFinished { return nil }
            try Self.requireStart(of: context, world)
        }
        let recorded = try RunFiles.identity(in: made)
        let source = try RunStudy(
            file: RunFiles.source(in: made) ?? file, seed: study.seed, adapter: study.adapter)
        let journal = try RunJournal(
            Journal(directory: made, appending: isResuming), made, study: source,
            studyText: StudyFile.text(of: study))
        isOpen = true
        return OpenedRun(
            directory: made, lock: lock, output: RunOutput(made, observers: [journal, display]),
            identity: identity, recorded: recorded)
    }

    /// Refuses a run that could not begin on the ranks of `world`.
    static func requireStart(of context: RunContext, _ world: any Communicator) throws {
        _ = try context.computingRanks(of: world.size)
        try context.checkCombination()
    }

    /// Writes the run's page; without it the run is as finished, so a failure is a warning.
    private func writeReport(of run: RunDirectory) {
        do {
            let page = try RunReport([run.path]).page()
            try AtomicFile.write(Data(page.utf8), to: run.reportFile)
        } catch {
            // The display may be closed as well.
            try? display.observe(.warned(.data("no report of the run: \(error)")))
        }
    }
}
