package import Adapters
package import Diagnostics
package import Formats
package import Runs

/// What happens in a run, as the coordinator tells it to whoever records or shows it.
package enum RunEvent: Sendable {
    /// A run begins, or goes on from a checkpoint (`resumedFrom`).
    case began(facts: JSONValue, resumedFrom: Int?)
    /// Something that the user should know, but that stops nothing.
    case warned(Failure)
    /// A stage begins.
    case stage(name: String, steps: Int)
    /// Adapters were pruned, before they are trained.
    case pruned(PruningReport)
    /// The activation cache was allocated, or not, and read from a folder where an earlier run stored it.
    case cache(ActivationCacheReport)
    /// Pooled vectors were computed: how many chunks of how many.
    case pooled(done: Int, of: Int)
    /// An optimizer step was taken.
    case step(StepReport)
    /// Tasks were scored.
    case evaluated(EvaluationReport)
    /// State was saved.
    case checkpoint(step: Int)
    /// Ranks wait for one that makes no progress; the watch has told the user.
    case stalled(String)
    /// The run ends; how evenly its ranks worked.
    case balance(RankBalance)
    /// The run has ended; what one of the ranks did when. They come in the order of the ranks, up to the last.
    case timeline(Timeline, isLast: Bool)
    /// A stage ended; what the state that is kept scores.
    case stageEnded(JSONValue)
    /// The run is done; the results as `results.json` holds them.
    case finished(JSONValue)
    /// The run stopped on request after a checkpoint of this step.
    case stopped(step: Int)
}

/// One optimizer step.
package struct StepReport: Sendable {
    /// The stage's name.
    package let stage: String
    /// The step's number in the run, from 1.
    package let step: Int
    /// Its number in the stage, from 1, and how many the stage has.
    package let stageStep: Int, stageSteps: Int
    /// The units: each task's name and the indices of its examples.
    package let units: [(task: String, examples: [Int])]
    /// The mean loss of each task that took part, before the update.
    package let losses: [(task: String, loss: Double)]
    /// The learning rate of each kind.
    package let learningRates: [(kind: ParameterKind, rate: Double)]
    /// The norm of the whole gradient before clipping.
    package let gradientNorm: Double
    /// Tokens of all units.
    package let tokens: Int
    /// What each rank sent for the sums, in bytes.
    package let bytes: Int
    /// Seconds of the whole step, and those of them spent waiting for other ranks and exchanging sums.
    package let seconds: Double, secondsWaiting: Double, secondsCommunicating: Double

    /// Joins what a step told.
    package init(
        stage: String, step: Int, stageStep: Int, stageSteps: Int,
        units: [(task: String, examples: [Int])], losses: [(task: String, loss: Double)],
        learningRates: [(kind: ParameterKind, rate: Double)], gradientNorm: Double, tokens: Int, bytes: Int,
        seconds: Double, secondsWaiting: Double, secondsCommunicating: Double
    ) {
        self.stage = stage
        self.step = step
        self.stageStep = stageStep
        self.stageSteps = stageSteps
        self.units = units
        self.losses = losses
        self.learningRates = learningRates
        self.gradientNorm = gradientNorm
        self.tokens = tokens
        self.bytes = bytes
        self.seconds = seconds
        self.secondsWaiting = secondsWaiting
        self.secondsCommunicating = secondsCommunicating
    }

    /// Examples of all tasks.
    package var examples: Int { units.reduce(0) { $0 + $1.examples.count } }
}

/// What pruning did.
package struct PruningReport: Sendable {
    /// What an entry was worth, and which entries were compared.
    package let score: PruningScore, threshold: PruningThreshold
    /// The share that was to be removed.
    package let asked: Double
    /// How many examples were read for the scores of all adapters.
    package let examples: Int
    /// Each pruned matrix: its name and owner, how many of its entries were kept, how many removed.
    package let matrices: [(name: String, owner: String, kept: Int, removed: Int)]

    /// Entries that were kept in all matrices.
    package var kept: Int { matrices.reduce(0) { $0 + $1.kept } }
    /// Entries that were removed from all matrices.
    package var removed: Int { matrices.reduce(0) { $0 + $1.removed } }
    /// The share that was removed.
    package var reached: Double { Double(removed) / Double(max(1, kept + removed)) }
}

/// One evaluation.
package struct EvaluationReport: Sendable {
    /// The stage's name.
    package let stage: String
    /// After how many steps of the run.
    package let step: Int
    /// Each scored task: its name, the mean of its metrics, whether that is its best yet, whether the task stops here.
    package let scores: [(task: String, score: Double, isBest: Bool, stops: Bool, detail: JSONValue)]
    /// Seconds it took, and those of them spent waiting for other ranks and exchanging logits.
    package let seconds: Double, secondsWaiting: Double, secondsCommunicating: Double
}

/// Whoever records or shows a run.
///
/// Only the coordinator's rank has observers.
package protocol RunObserver: AnyObject {
    /// Takes note of an event; throwing ends the run.
    func observe(_ event: RunEvent) throws

    /// Makes durable what was observed, before a checkpoint is; what it returns is kept beside the checkpoint.
    func save() throws -> JSONValue

    /// Goes on after a step, from what ``save()`` returned for it; null where there was no checkpoint, or none of this kind.
    func resume(after step: Int, _ saved: JSONValue) throws
}

extension RunObserver {
    /// Nothing needs to be kept.
    package func save() throws -> JSONValue { .null }

    /// Nothing was kept.
    package func resume(after step: Int, _ saved: JSONValue) throws {}
}
