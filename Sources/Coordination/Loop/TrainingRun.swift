import Adapters
package import Collectives
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Studies
import Tasks
import Training

/// A run of a study on the ranks of a world: the loop that every rank executes.
///
/// Rank 0 decides the next directive, all ranks carry it out, and rank 0 writes files.
package final class TrainingRun: StallListener {
    private let context: RunContext
    private let communicator: any Communicator
    private let output: RunOutput?
    private let stopRequest: (any StopRequest)?
    private let workspace: Workspace
    private let cache: ActivationCache
    private let pass: GradientPass
    private let worker: Worker
    private var combinationWarnings: CombinationWarnings
    private let pruner: Pruner
    private let predictor: DistributedPredictor
    private let selection: ModelSelection
    private let coordinator: Coordinator?
    private var state: TrainingState
    /// The identity of a run that has begun, with all arithmetic used so far; nil if it cannot be resumed.
    package private(set) var identity: RunIdentity?
    /// The step of the checkpoint that this start resumed from; nil if it began at the first step.
    package private(set) var resumedFrom: Int?
    private var timeline: RankTimeline
    /// The time and the communication statistics at the start of this run.
    private let began: Double, statisticsBefore: CommunicationStatistics
    /// Whether the state belongs to this run, so that it may be saved.
    private var hasBegun = false

    /// A run before its first step.
    ///
    /// - Parameters:
    ///   - context: the loaded study, equal on all ranks
    ///   - communicator: the world
    ///   - output: the destination of results, on rank 0 only
    ///   - savesBeforeStall: whether to save the state when a rank stops responding
    ///   - pausePoint: the point before the end at which to pause; nil for none
    ///   - stopRequest: a request to this rank to stop; nil for a run that ends by itself
    /// - Throws: a failure if the study cannot use this many ranks
    package init(
        _ context: RunContext, _ communicator: any Communicator, output: RunOutput?,
        savesBeforeStall: Bool = true, pausePoint: PausePoint? = nil,
        stopRequest: (any StopRequest)? = nil
    ) throws {
        let ranks = try context.computingRanks(of: communicator.size)
        try context.checkCombination()
        let isIdle = communicator.rank == 0 && context.study.coordinator == .dedicated
        let communicator = isIdle ? communicator.withWaitPolicy(.sleep) : communicator
        self.context = context
        self.communicator = communicator
        self.output = output
        self.stopRequest = stopRequest
        workspace = Workspace(reserving: context.activationBytes)
        cache = ActivationCache(context, communicator, workspace)
        pass = GradientPass(context, communicator, cache, workspace)
        worker = Worker(context, pass)
        combinationWarnings = CombinationWarnings(context.study.combination.rule)
        pruner = Pruner(context, pass)
        predictor = DistributedPredictor(context, communicator, ranks: ranks, cache, workspace)
        selection = ModelSelection(context)
        coordinator =
            communicator.rank == 0 ? Coordinator(context, ranks: ranks, cache, pausePoint: pausePoint) : nil
        state = TrainingState(context.store, tasks: context.names.count)
        timeline = try RankTimeline(communicator)
        (began, statisticsBefore) = (MonotonicClock.seconds, communicator.statistics)
        if output != nil, savesBeforeStall { communicator.watch?.setListener(self) }
    }

    /// Begins at the first step, or resumes from the newest whole checkpoint, which rank 0 broadcasts.
    ///
    /// - Parameters:
    ///   - identity: the identity that a checkpoint must have and that new checkpoints get
    ///   - recorded: on rank 0, the identity that an earlier start recorded; checked without a checkpoint
    ///   - resuming: whether to resume from a checkpoint
    ///   - allowingDifferentKernels: whether to resume with kernels that compute other bits
    /// - Throws: a failure if ranks differ in anything that the result depends on, or if the identity differs
    package func begin(
        identity: RunIdentity?, recorded: RunIdentity? = nil, resuming: Bool,
        allowingDifferentKernels: Bool = false
    ) throws {
        try RankAgreement.checkInputs(context, parameters: state.values, resuming: resuming, communicator)
        self.identity = identity
        var note: RunNote?
        let bytes =
            resuming
            ? try bytesFromRoot(communicator) {
                let bytes = try newestCheckpoint(&note)
                if bytes.isEmpty, let recorded, let identity {
                    // Nothing has been computed yet, so other kernels do no harm.
                    _ = try recorded.resumed(as: identity, allowingDifferentKernels: true)
                }
                return bytes
            } : []
        if !bytes.isEmpty {
            let checkpoint = try Checkpoint(decoding: Data(bytes), at: "the checkpoint")
            let facts: TrainingState.Facts = try checkpoint.facts()
            self.identity = try identity.map { current in
                guard let recorded = facts.identity else {
                    throw Failure.data(
                        "has no identity of its run", at: "the checkpoint of step \(checkpoint.step)",
                        remedy: "remove it, and the checkpoint before it is used")
                }
                return try recorded.resumed(
                    as: current, allowingDifferentKernels: allowingDifferentKernels)
            }
            resumedFrom = checkpoint.step
            state = try TrainingState(checkpoint, facts, context)
            // Decoded on every rank, so that all refuse a bad one.
            let drawn = try PlannerState(checkpoint, facts, context.study.sampler.sampler)
            coordinator?.resume(at: state.step, drawn)
        }
        if resuming { try output?.resume(after: state.step, note) }
        try output?.observe(.began(facts(), resumedFrom: bytes.isEmpty ? nil : state.step))
        let (report, warnings) = try cache.allocate(for: schedule.stage)
        try output?.observe(.cache(report))
        for warning in (bytes.isEmpty ? context.study.stages.warnings : []) + warnings {
            try output?.observe(.warned(warning))
        }
        try beginStage()
        hasBegun = true
    }

    /// The bytes of the newest whole checkpoint and its note; empty if the run has no checkpoint yet.
    private func newestCheckpoint(_ note: inout RunNote?) throws -> [UInt8] {
        guard let output else { return [] }
        let newest = try Checkpoint.newest(in: output.checkpoints)
        if newest.checkpoint == nil, let damage = newest.damaged.first {
            throw Failure.data(
                "holds no whole checkpoint: \(damage.location ?? ""): \(damage.message)",
                at: output.checkpoints, remedy: "start anew with another --output")
        }
        for failure in newest.damaged {
            try output.observe(
                .warned(
                    .data(failure.message, at: failure.location, remedy: "the checkpoint before it is used")))
        }
        note = newest.checkpoint.flatMap { try? $0.notes() }
        return newest.checkpoint.map { [UInt8]($0.encoded()) } ?? []
    }

    /// Runs until the study is done, the run pauses or a stop is requested.
    ///
    /// - Throws: a ``Divergence`` if a loss, gradient, update or logit is not finite, an ``Unprunable`` if an
    ///   adapter cannot be pruned; both on all ranks
    package func run() throws -> RunEnding {
        while true {
            if let coordinator {
                if isStopRequested { coordinator.requestStop() }
                communicator.watch?.enter(.planning, step: state.step)
            }
            let directive = try Directive.shared(coordinator?.decide(state), communicator)
            communicator.watch?.enter(directive.phase, step: state.step)
            switch directive {
            case .pool(let chunks, let ranks):
                let start = WorkStart(communicator)
                try cache.compute(chunks, ranks: ranks)
                record(.pool, since: start)
                if let coordinator {
                    let progress = coordinator.pooledProgress
                    try output?.observe(.pooled(done: progress.done, of: progress.total))
                }
            case .step(let plan): try step(plan)
            case .prune(let plans): try prune(plans)
            case .evaluate: try evaluate()
            case .checkpoint: try checkpoint()
            case .nextStage: try endStage()
            case .finish(let ending):
                let balance = try RankBalance.gathered(
                    communicator, since: began, statisticsBefore,
                    computing: context.computingRanks(of: communicator.size))
                try output?.observe(.balance(balance))
                switch ending {
                case .finished: try finish()
                case .stopped, .paused: try output?.observe(.stopped(step: state.step))
                }
                // Gathered last, after the results are written.
                try timeline.gather(communicator) {
                    try output?.observe(.timeline($0, isLast: $0.rank == communicator.size - 1))
                }
                return ending
            }
        }
    }

    private var schedule: StageSchedule { context.stages[state.stage] }
    private var isStopRequested: Bool { stopRequest?.isMade ?? false }

    // MARK: Steps

    private func step(_ plan: StepPlan) throws {
        let start = WorkStart(communicator)
        let (number, schedule) = (state.stageStep, schedule)
        let recorded = schedule.name == .adapter && number < context.study.debug.dumpGradients
        let before = recorded && output != nil ? state.values : []
        let result: StepResult
        do {
            result = try worker.step(
                plan, schedule, &state, stopRequested: isStopRequested, recordingGradients: recorded)
        } catch let divergence as Divergence {
            // All ranks still have the state from before this step: save it.
            if let output, let coordinator, !coordinator.isCheckpointed(state) {
                try write(state, to: output)
            }
            try communicator.barrier()
            throw divergence
        }
        let spent = record(.compute, since: start)
        let tasks = plan.tasks
        let losses = zip(tasks, result.losses).map { $1 / Double(plan.examples(of: $0)) }
        coordinator?.stepTaken(
            losses: context.names.indices.map { tasks.firstIndex(of: $0).map { losses[$0] } })
        if result.isStopRequested { coordinator?.requestStop() }
        guard let output, let coordinator else { return }
        if recorded { try output.record(step: state.step, plan, before, result.gradients, context) }
        let missing = context.names.indices.filter { state.active[$0] && !tasks.contains($0) }
        for warning in combinationWarnings.about(
            result.combination, missing: missing.map { context.names[$0] }, step: state.step)
        {
            try output.observe(.warned(warning))
        }
        try output.observe(
            .step(
                StepReport(
                    stage: schedule.name, step: state.step, stageStep: state.stageStep,
                    stageSteps: schedule.steps,
                    microBatches: plan.microBatches.map {
                        StepReport.MicroBatch(task: context.names[$0.task], examples: $0.examples)
                    },
                    losses: NamedValues(zip(tasks, losses).map { (context.names[$0], $1) }),
                    learningRates: NamedValues(
                        trainedKinds(schedule).map {
                            ($0.rawValue, schedule.learningRate($0, step: number))
                        }),
                    gradientNorm: result.gradientNorm, combination: result.combination,
                    gramian: result.gramian,
                    agreement: result.agreement?.curves(context.names, context.measuredParts[state.stage]),
                    tokens: result.tokens, bytes: result.bytes,
                    seconds: spent.seconds, secondsWaiting: spent.communication.secondsWaiting,
                    secondsCommunicating: spent.communication.secondsCommunicating)))
        timed(.planning) { coordinator.drawAhead(state) }
    }

    /// The kinds of parameters that a stage trains and the study has.
    private func trainedKinds(_ schedule: StageSchedule) -> [ParameterKind] {
        ParameterKind.allCases.filter { kind in
            schedule.trains(kind) && context.store.blocks.contains { $0.slice.kind == kind }
        }
    }

    private func prune(_ plans: [StepPlan]) throws {
        guard let pruning = context.model.pruning else { return }
        let report = try pruner.prune(plans, pruning, &state, reportingTo: output)
        try output?.observe(.pruned(report))
    }

    private func evaluate() throws {
        let start = WorkStart(communicator)
        let tasks = selection.tasksToScore(state, schedule)
        let vectors = tasks.map { context.store.values(of: $0, in: state.values) }
        let found: [TaskScore]
        do {
            found = try predictor.scores(
                tasks, vectors, adapted: schedule.stage != .head, reportingTo: output)
        } catch let bad as DistributedPredictor.NonFiniteLogit {
            throw Divergence(evaluating: context.names[bad.task], after: state.step)
        }
        let scores = selection.update(&state, tasks, found)
        coordinator?.evaluated(
            scores: context.names.indices.map { tasks.firstIndex(of: $0).map { found[$0].mean } })
        let spent = record(.evaluate, since: start)
        try output?.observe(
            .evaluated(
                EvaluationReport(
                    stage: schedule.name, step: state.step, scores: scores, mean: state.latestMean,
                    drawn: coordinator.map { $0.drawn.shares(context.names) },
                    probabilities: coordinator.map {
                        NamedValues(zip(context.names, $0.probabilities(state)).map { ($0, $1) })
                    }, seconds: spent.seconds, secondsWaiting: spent.communication.secondsWaiting,
                    secondsCommunicating: spent.communication.secondsCommunicating)))
    }

    /// The start of work that a collective ends.
    private struct WorkStart {
        let seconds = MonotonicClock.seconds
        let statistics: CommunicationStatistics

        init(_ communicator: any Communicator) { statistics = communicator.statistics }
    }

    /// The seconds of some work, and those of its collectives.
    private struct WorkTime {
        let seconds: Double
        let communication: CommunicationStatistics
    }

    /// Adds work that ends now to the timeline.
    @discardableResult
    private func record(_ work: RankTimeline.Work, since start: WorkStart) -> WorkTime {
        let spent = WorkTime(
            seconds: MonotonicClock.seconds - start.seconds,
            communication: communicator.statistics.since(start.statistics))
        let (collectives, exchange) = (spent.communication.seconds, spent.communication.secondsCommunicating)
        timeline.add(work, seconds: spent.seconds - collectives, before: collectives)
        timeline.add(.wait, seconds: spent.communication.secondsWaiting, before: exchange)
        timeline.add(.sum, seconds: exchange)
        return spent
    }

    private func checkpoint() throws {
        // Checked before a wrong state can be saved, and on every rank, since nodes may have their own files.
        try context.model.weights.checkUnchanged()
        try RankAgreement.checkReplicas(state, tasks: context.names, communicator)
        guard let output, let coordinator else { return }
        let start = MonotonicClock.seconds
        try write(state, to: output)
        timeline.add(.checkpoint, seconds: MonotonicClock.seconds - start)
        coordinator.checkpointWritten(at: state.step)
        try output.observe(.checkpoint(step: state.step))
    }

    private func write(_ state: TrainingState, to output: RunOutput) throws {
        try output.write(
            state.checkpoint(
                context.store, names: context.names, identity: identity,
                coordinator?.drawn ?? context.undrawn),
            keep: context.study.checkpoint.keep)
    }

    // MARK: Stalls

    /// Saves the state before the current step; see `StallListener`.
    ///
    /// The state changes only between collectives, so it is consistent while this rank waits in one.
    package func saveBeforeStall() throws -> Int? {
        guard hasBegun, let output, let coordinator else { return nil }
        if !coordinator.isCheckpointed(state) {
            try write(state, to: output)
            coordinator.checkpointWritten(at: state.step)
            try output.observe(.checkpoint(step: state.step))
        }
        return state.step
    }

    /// Writes a stall into the journal.
    package func note(stall: String) {
        // The job must end even if the journal cannot be written.
        try? output?.observe(.stalled(stall))
    }

    // MARK: Stages

    private func beginStage() throws {
        try output?.observe(.stage(name: schedule.name, steps: schedule.steps))
        if let warning = coordinator?.shareWarning(state) { try output?.observe(.warned(warning)) }
    }

    /// Ends a stage; the next one starts from the kept state, see ``ModelSelection/restoreKept(_:)``.
    private func endStage() throws {
        let result = stageResult()
        try output?.observe(.stageEnded(result))
        try storeActivations()
        selection.restoreKept(&state)
        state.history.append(result)
        state.beginNextStage(context.store)
        coordinator?.beginStage()
        try beginStage()
    }

    /// Stores the stage's cached activations for later runs; an unwritable folder is only a warning.
    private func storeActivations() throws {
        guard let output else { return }
        do {
            try cache.store(schedule.stage)
        } catch let failure as Failure {
            try output.observe(.warned(failure))
        }
    }

    /// The result of the current stage; only rank 0 has the shares of examples drawn.
    private func stageResult() -> StageResult {
        selection.result(state, drawn: coordinator?.drawn ?? context.undrawn)
    }

    private func finish() throws {
        try context.model.weights.checkUnchanged()
        try RankAgreement.checkReplicas(state, tasks: context.names, communicator)
        guard let output else { return }
        let kept = context.names.indices.map { selection.keptValues(of: $0, in: state) }
        for (task, name) in context.names.enumerated() {
            try output.writeAdapter(name, task: task, kept[task], context, identity)
        }
        try storeActivations()
        let keptSteps = selection.keptSteps(state)
        if let warning = selection.copiesWarning(keptSteps) { try output.observe(.warned(warning)) }
        try output.observe(
            .finished(
                RunResults(
                    keep: context.study.evaluation.keep.rawValue, steps: state.step,
                    stages: state.history + [stageResult()],
                    parameters: context.parameterCounts(state.mask, keptSteps: keptSteps),
                    sharedGradients: context.sharedGradients, arithmetic: identity?.arithmetic,
                    mixed: identity?.isMixed, adapterChanges: context.adapterChanges(kept))))
    }

    // MARK: Facts

    private func facts() throws -> RunFacts {
        RunFacts(
            ranks: communicator.size, coordinator: context.study.coordinator.rawValue,
            tasks: context.data.map { data in
                RunFacts.TaskFacts(
                    name: data.task.name, train: data.trainingIndices.count,
                    evaluated: data.evaluationSets.reduce(0) { $0 + $1.indices.count },
                    dropped: data.skippedLines)
            },
            parameters: context.parameterCounts(state.mask),
            activations: RunFacts.Activations(
                tokens: context.largestMicroBatch.reduce(0, +), bytes: context.activationBytes),
            sharedGradients: context.sharedGradients, moments: context.study.optimizer.moments.rawValue,
            momentBytes: context.momentBytes)
    }
}
