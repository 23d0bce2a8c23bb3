import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import Tasks
import Training

/// The training of a sweep's trials on groups of ranks.
///
/// Each group takes the next run that no other group has begun. All groups meet at the end of a rung, where
/// scores alone decide which trials continue. So trials, scores and adapters do not depend on the number of
/// ranks and groups, nor on kills and resumes. A finished run is not trained again.
final class SweepRun {
    private let file: SweepFile
    private let directory: SweepDirectory
    private let world: any Communicator
    private let group: TrialGroup
    private let inputs = TrialInputs()
    private let progress: SweepProgress
    private let trials: [Trial]
    /// By number, the reason why a trial is refused or diverged.
    private var failures: [Int: String] = [:]
    /// Folders of claims that were used.
    private var parts = 0

    private var settings: SweepSettings { file.settings }

    /// Checks the sweep against its world and loads what its trials share; a collective.
    init(_ file: SweepFile, _ directory: SweepDirectory, _ world: any Communicator, isQuiet: Bool)
        throws
    {
        (self.file, self.directory, self.world) = (file, directory, world)
        let status = StatusLine(quiet: isQuiet || world.rank != 0)
        progress = SweepProgress(status, isQuiet: isQuiet)
        trials = file.settings.trials
        let size = file.settings.ranksPerTrial
        guard size <= world.size else {
            throw file.located(
                .usage(
                    "is \(size), but there \(world.size == 1 ? "is 1 rank" : "are \(world.size) ranks")",
                    at: "ranksPerTrial",
                    remedy: "start mpirun -n \(size) or more, or set it to \(world.size) or less"))
        }
        let studies = try Self.studies(of: trials, file, directory, &failures)
        try Self.requireWork(for: size, studies, file)
        status.begin()
        status.show { "loading \(studies[0].backbone)" }
        world.watch?.use(studies[0].stall.limits)
        try LoadedBackbone.checkKernels()
        try RankAgreement.checkStudies(studies[0], world)
        let fresh = Self.freshStudies(of: trials, file, directory)
        try inputs.load(studies + fresh, on: world, reportingTo: ReadingDisplay(status))
        if world.rank == 0 {
            for warning in inputs.warnings { status.say(wrapping: "warning: \(warning)", isUrgent: true) }
        }
        group = try TrialGroup(of: size, world)
        let idle = world.size - group.count * size
        if idle > 0 {
            status.say("note: \(idle) of \(world.size) ranks have no trial, since a trial takes \(size)")
        }
    }

    /// The valid studies of trials, one for each.
    ///
    /// A refused trial leaves a failure; if all are refused, so is the sweep.
    private static func studies(
        of trials: [Trial], _ file: SweepFile, _ directory: SweepDirectory, _ failures: inout [Int: String]
    ) throws -> [Study] {
        let score = file.settings.metric.score
        var studies: [Study] = []
        var others: [Int] = []
        var first: (Failure, Trial)?
        for trial in trials {
            do {
                let study = try TrialRun(trial: trial, seed: file.settings.seeds[0], isFresh: false)
                    .study(file, in: directory)
                studies.append(study)
                if !study.tasks.contains(where: { $0.name == score }) { others.append(trial.number) }
            } catch let failure as Failure {
                first = first ?? (failure, trial)
                failures[trial.number] = file.words(failure)
            }
        }
        if studies.isEmpty, let (failure, trial) = first { throw file.located(failure, of: trial) }
        let tasks = studies.map { $0.tasks.map(\.name) }
        if score == SweepMetric.mean {
            if let other = tasks.first(where: { Set($0) != Set(tasks[0]) }) {
                throw file.located(
                    .usage(
                        "is a mean over \(tasks[0].joined(separator: ", ")) in one trial and over "
                            + "\(other.joined(separator: ", ")) in another, which have no order",
                        at: "metric.score", remedy: "name a task that all trials train"))
            }
            return studies
        }
        guard others.count < studies.count else {
            throw file.located(
                .usage(
                    "is '\(score)', which no trial trains", at: "metric.score",
                    remedy: didYouMean(score, among: [SweepMetric.mean] + (tasks.first ?? []))))
        }
        for number in others { failures[number] = "does not train \(score), by which trials are ranked" }
        return studies.filter { $0.tasks.contains { $0.name == score } }
    }

    /// Refuses groups with more ranks than a trial's step occupies: the number of ranks must not decide which
    /// trial wins.
    private static func requireWork(for size: Int, _ studies: [Study], _ file: SweepFile) throws {
        for study in studies where !study.usableRanks.contains(size) {
            let (isTooFew, batch) = (size < study.usableRanks.lowerBound, study.batch)
            let computing = size + 1 - study.usableRanks.lowerBound
            throw file.located(
                .usage(
                    isTooFew
                        ? "is \(size), but a dedicated coordinator needs a second rank that computes"
                        : "is \(size), but a trial has \(batch.microBatches) micro-batches in a step "
                            + "(\(batch.examples) examples in micro-batches of \(batch.microBatch))",
                    at: "ranksPerTrial",
                    remedy: isTooFew
                        ? "set it to 2 or more, or coordinator to computes"
                        : "set it to \(batch.microBatches) or less, or batch.microBatch to "
                            + "\(max(1, batch.examples / computing)) or less"))
        }
    }

    /// The valid studies that repeat a trial with fresh seeds, if the sweep asks for it.
    ///
    /// Any trial may win; one whose study is refused then fails.
    private static func freshStudies(of trials: [Trial], _ file: SweepFile, _ directory: SweepDirectory)
        -> [Study]
    {
        guard let seed = file.settings.then?.seeds.first else { return [] }
        return trials.compactMap {
            try? TrialRun(trial: $0, seed: seed, isFresh: true).study(file, in: directory)
        }
    }

    // MARK: The search

    /// Trains all trials; a collective.
    ///
    /// - Returns: the results; nil if the sweep stopped on request
    func run() throws -> SweepResults? {
        var left = trials.map(\.number).filter { failures[$0] == nil }
        var scores: [Int: [Double]] = [:]
        var steps: [Int: Int] = [:]
        var ranking: [Int] = []
        let rungs = settings.rungs
        for (index, rung) in rungs.enumerated() {
            let runs = left.flatMap { number in
                settings.seeds.map { TrialRun(trial: trials[number - 1], seed: $0, isFresh: false) }
            }
            if index == 0, try !warmUp(runs) { return nil }
            let part = rungs.count == 1 ? "trials" : "rung \(index + 1) of \(rungs.count)"
            guard let outcomes = try train(runs, to: rung, part) else { return nil }
            for number in left {
                scores[number] = self.scores(of: number, zip(runs, outcomes))
                steps[number] = rung.steps == nil ? nil : self.steps(of: number, zip(runs, outcomes))
            }
            ranking = SweepSettings.ranked(
                left.reduce(into: [:]) { means, number in means[number] = scores[number]?.mean })
            if rung.steps != nil { left = ranking.prefix(rung.survivors).sorted() }
        }
        let fresh = try trainAgain(settings.winners(ranking, among: trials))
        return fresh.map { results(scores, steps, ranking, $0) }
    }

    /// The scores of a trial, by seed; nil, with the failure noted, if a run failed.
    private func scores(of number: Int, _ outcomes: some Sequence<(TrialRun, TrialOutcome)>) -> [Double]? {
        let runs = ScoredRuns(outcomes.filter { $0.0.trial.number == number })
        failures[number] = failures[number] ?? runs.failed.first?.reason
        return failures[number] == nil ? runs.scores : nil
    }

    /// The scores of a trial's runs, and the runs that have none.
    private struct ScoredRuns {
        var scores: [Double] = []
        var failed: [SweepResults.FailedRun] = []

        init(_ outcomes: some Sequence<(TrialRun, TrialOutcome)>) {
            for (run, outcome) in outcomes {
                let reason: String
                switch outcome {
                case .scored(let score?, _):
                    scores.append(score)
                    continue
                case .scored(nil, _): reason = "a task has no score"
                case .failed(let words): reason = words
                case .stopped: continue
                }
                failed.append(SweepResults.FailedRun(seed: run.seed, run: run.path, reason: reason))
            }
        }
    }

    /// The most steps of the adapter stage before a score of a trial.
    private func steps(of number: Int, _ outcomes: some Sequence<(TrialRun, TrialOutcome)>) -> Int {
        outcomes.reduce(0) { most, pair in
            guard pair.0.trial.number == number, case .scored(_, let steps) = pair.1 else { return most }
            return max(most, steps)
        }
    }

    /// Trains winners with fresh seeds; nil if the sweep stopped on request.
    private func trainAgain(_ winners: [Int]) throws -> [SweepResults.FreshResult]? {
        guard let then = settings.then, !winners.isEmpty else { return [] }
        let runs = winners.flatMap { number in
            then.seeds.map { TrialRun(trial: trials[number - 1], seed: $0, isFresh: true) }
        }
        let end = Rung(steps: nil, survivors: winners.count)
        guard let outcomes = try train(runs, to: end, "fresh seeds") else { return nil }
        return winners.map { number in
            let own = zip(runs, outcomes).filter { $0.0.trial.number == number }
            let scored = ScoredRuns(own)
            return SweepResults.FreshResult(
                trial: number, score: scored.scores.mean, failed: scored.failed, runs: own.map(\.0.path))
        }
    }

    private func results(
        _ scores: [Int: [Double]], _ steps: [Int: Int], _ ranking: [Int],
        _ then: [SweepResults.FreshResult]
    ) -> SweepResults {
        SweepResults(
            score: settings.metric.score, on: settings.metric.on.rawValue,
            trials: trials.map { trial in
                let failure = failures[trial.number]
                let isFinished = steps[trial.number] == nil
                return SweepResults.TrialResult(
                    trial: trial.number,
                    parameters: NamedValues(trial.settings.map { ($0.key, $0.value) }),
                    state: failure != nil ? .failed : isFinished ? .finished : .pruned,
                    score: failure == nil ? scores[trial.number]?.mean : nil,
                    scores: failure == nil ? scores[trial.number] ?? [] : [],
                    steps: failure == nil ? steps[trial.number] : nil, failure: failure,
                    runs: settings.seeds.map { SweepDirectory.run(trial: trial.folder, seed: $0) })
            }, ranking: ranking, then: then)
    }

    // MARK: Runs

    /// Lets all ranks compute the frozen activations that the trials share, in the first run's head stage.
    ///
    /// - Returns: false on all ranks if the sweep stopped on request
    private func warmUp(_ runs: [TrialRun]) throws -> Bool {
        guard group.count > 1, let run = runs.first else { return true }
        let study = try run.study(file, in: directory)
        let ranks = min(world.size, study.batch.microBatches)
        var isStopped = false
        if let some = try world.split(color: world.rank < ranks ? 0 : nil) {
            isStopped = try train(run, to: nil, on: some) == .stopped
            try some.free()
        }
        return try world.allReduce(Int32(isStopped ? 1 : 0), .max) == 0
    }

    /// Trains runs on all groups, up to a rung; a collective of the world.
    ///
    /// - Returns: the outcome of each run; nil if the sweep stopped on request
    private func train(_ runs: [TrialRun], to rung: Rung, _ part: String) throws -> [TrialOutcome]? {
        let claims = TrialClaims("\(directory.claims)/\(parts)")
        parts += 1
        try onRoot(world) { try claims.begin() }
        if world.rank == 0 { progress.begin(part, count: runs.count, on: group.count, claims) }
        world.watch?.enter(group: group.ranks)
        var own: [NumberedOutcome] = []
        if let communicator = group.communicator {
            var unseen = runs.indices
            while let number = try next(unseen, claims, communicator) {
                // Runs are claimed in order, so all before this one are taken.
                unseen = number + 1..<runs.count
                let run = runs[number]
                let outcome = try train(run, to: rung, on: communicator)
                own.append(NumberedOutcome(number: number, outcome: outcome))
                if communicator.rank == 0 {
                    claims.finish(number)
                    report(run, outcome)
                }
                if outcome == .stopped { break }
            }
        }
        world.watch?.gather()
        let isLeader = group.communicator?.rank == 0
        let all = try fromEach(world, isLeader ? own : []).flatMap(\.self)
        world.watch?.leaveGroups()
        progress.close()
        let outcomes = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0.outcome) })
        guard outcomes.count == runs.count, !outcomes.values.contains(.stopped) else { return nil }
        return runs.indices.compactMap { outcomes[$0] }
    }

    private struct NumberedOutcome: Codable {
        let number: Int
        let outcome: TrialOutcome
    }

    /// The number of a run that no group has begun; nil if none is left, or after a request to stop.
    private func next(_ runs: Range<Int>, _ claims: TrialClaims, _ communicator: any Communicator) throws
        -> Int?
    {
        var number: [Int64] = [-1]
        if communicator.rank == 0, !StopSignal.requested,
            let free = try runs.first(where: claims.take)
        {
            number = [Int64(free)]
        }
        try communicator.broadcast(&number, from: 0)
        return number[0] < 0 ? nil : Int(number[0])
    }

    /// Trains a run up to a rung, or with none before its adapters; a collective of the group.
    private func train(_ run: TrialRun, to rung: Rung?, on communicator: any Communicator) throws
        -> TrialOutcome
    {
        let loaded: TrainingJob.Inputs
        let context: RunContext
        do {
            (loaded, context) = try allOrNone(communicator) {
                let study = try run.study(file, in: directory)
                let loaded = try inputs.inputs(of: study)
                let context = try loaded.context(study)
                try TrainingJob.requireStart(of: context, communicator)
                return (loaded, context)
            }
        } catch let failure as Failure where failure.kind == .usage || failure.kind == .data {
            return .failed(file.words(failure))
        }
        let path = "\(directory.path)/\(run.path)"
        let pausePoint: PausePoint? = rung.map { $0.steps.map { .adapterSteps($0) } } ?? .beforeAdapters
        // A rung's scores are in the journal, which a record lacks.
        let acceptsRecords = rung.map { $0.steps == nil } ?? true
        let job = TrainingJob(
            file: settings.base, directory: path, isResuming: true, acceptsRecords: acceptsRecords,
            pausePoint: pausePoint, resumption: directory.resumption,
            display: TrialDisplay(run, progress))
        let ending: TrainingJob.Ending
        progress.beginRun()
        do { ending = try job.run(context, on: loaded.backbone, communicator) } catch let failure as Failure {
            throw Self.named(failure, path)
        }
        if case .wasFinished = ending {} else { progress.endRun() }
        switch ending {
        case .stopped: return .stopped
        case .diverged(let failure): return .failed("diverged: \(file.words(failure))")
        case .unprunable(let failure): return .failed(file.words(failure))
        case .finished, .wasFinished, .paused:
            guard let rung else { return .scored(nil, steps: 0) }
            return try fromRoot(communicator) {
                try TrialOutcome(RunDirectory.open(at: path), settings, rung, tasks: context.names)
            }
        }
    }

    /// A failure that ends the sweep, with the run's directory, and the remedy of one in a sweep.
    private static func named(_ failure: Failure, _ path: String) -> Failure {
        let place = failure.location.map { $0.contains(path) ? $0 : "\(path): \($0)" } ?? path
        let remedy =
            switch failure.reason {
            case .otherSettings:
                "remove the run's directory, and --resume trains it again; or start a new sweep with another "
                    + "--output"
            case .otherKernels: "resume on processors with the same kernels"
            default: failure.remedy
            }
        return failure.at(place).with(remedy: remedy)
    }

    /// Prints a line about a run that has ended.
    private func report(_ run: TrialRun, _ outcome: TrialOutcome) {
        let words: String
        switch outcome {
        case .scored(let score, _):
            words = "\(settings.metric.score) \(score.map { String(format: "%.4f", $0) } ?? "–")"
        case .failed(let reason): words = "failed: \(reason)"
        case .stopped: return
        }
        let changes = run.isFresh ? settings.then?.changes ?? [] : []
        progress.say("\(run.name): \(words) (\(run.trial.text(changedBy: changes)))")
    }
}
