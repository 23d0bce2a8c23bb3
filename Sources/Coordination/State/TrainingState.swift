import Runs
import Training

/// Everything that the next step's update depends on; equal on all ranks, but for the shares of examples in
/// ``history``, which rank 0 counts.
///
/// The examples that the step reads depend on the coordinator's ``PlannerState`` too.
package struct TrainingState: Equatable, Sendable {
    /// Steps taken in all stages.
    var step = 0
    /// The current stage, from 0.
    var stage = 0
    /// Steps taken in this stage.
    var stageStep = 0
    /// All parameters, as one flat vector.
    var values: [Float]
    /// The parameters that pruning kept; nil before pruning, and if nothing is pruned.
    var mask: ParameterMask?
    /// The optimizer's moments.
    var moments: AdamW
    /// The steps of each block in this stage.
    var stepCounts: [Int64]
    /// The moments of each task on shared parameters; nil unless tasks have their own, and before the stage's
    /// first step.
    var perTask: PerTaskMoments?
    /// The memory of rule, weighting and smoothing in this stage.
    var memory = CombinationMemory()
    /// The effect of the combination in this stage.
    var effect = MeanEffect()
    /// For each third of this stage, the sums for the agreement of tasks; empty before the first step, and if
    /// it is not measured.
    var agreement: [AgreementSums] = []
    /// Each task's scores in this stage.
    var tasks: [TaskProgress]
    /// The state of this stage with the best mean score, with `evaluation.keep: mean`.
    var bestMean: BestMean?
    /// The step of the latest evaluation; nil before the stage's first.
    package var evaluatedAt: Int?
    /// The results of the finished stages.
    var history: [StageResult] = []

    /// A task's score at one step.
    package struct Score: Codable, Equatable, Sendable {
        /// The mean of the task's metrics.
        package let mean: Double
        /// The steps of the run before the evaluation.
        package let step: Int
        let splits: SplitScores
    }

    /// A task's best state.
    struct Best: Equatable, Sendable {
        let score: Score
        /// The parameters in the task's layout; nil unless each task's best state is kept.
        let values: [Float]?
    }

    /// A task's scores in a stage.
    struct TaskProgress: Equatable, Sendable {
        var best: Best?
        var evaluationsSinceBest = 0
        /// Whether the task is still drawn.
        var isActive = true
        var lastScore: Score?

        /// Adds a score.
        ///
        /// - Returns: whether the task stops
        mutating func add(_ score: Score, isBest: Bool, patience: Int) -> Bool {
            lastScore = score
            guard isActive else { return false }
            evaluationsSinceBest = isBest ? 0 : evaluationsSinceBest + 1
            isActive = patience == 0 || evaluationsSinceBest < patience
            return !isActive
        }
    }

    /// The state of all tasks with the best mean score.
    struct BestMean: Equatable, Sendable {
        /// The steps of the run before it.
        let step: Int
        /// Each task's score.
        let scores: [Score]
        /// The flat vector.
        let values: [Float]

        var mean: Double { TrainingState.mean(scores) }
    }

    /// The mean over tasks.
    static func mean(_ scores: [Score]) -> Double {
        scores.reduce(0) { $0 + $1.mean } / Double(max(1, scores.count))
    }

    /// The state before the first step.
    package init(_ store: ParameterStore, tasks: Int) {
        values = store.initial
        moments = AdamW(count: store.count)
        stepCounts = [Int64](repeating: 0, count: store.blocks.count)
        self.tasks = [TaskProgress](repeating: TaskProgress(), count: tasks)
    }

    /// Whether each task is still drawn.
    var active: [Bool] { tasks.map(\.isActive) }

    /// The mean of all tasks' latest scores; nil if a task has none in this stage.
    var latestMean: Double? {
        let scores = tasks.compactMap(\.lastScore)
        return scores.count == tasks.count ? Self.mean(scores) : nil
    }

    /// Begins the next stage: a fresh optimizer and fresh scores.
    mutating func beginNextStage(_ store: ParameterStore) {
        var next = TrainingState(store, tasks: tasks.count)
        next.step = step
        next.stage = stage + 1
        next.values = values
        next.mask = mask
        next.history = history
        self = next
    }
}
