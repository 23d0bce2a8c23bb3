import Runs
import Training

/// Everything that the next step's update depends on; equal on all ranks.
///
/// Which examples it reads depends on the coordinator's ``PlannerState`` too.
struct TrainingState: Equatable, Sendable {
    /// Steps taken in all stages.
    var step = 0
    /// Which stage is under way, from 0.
    var stage = 0
    /// Steps taken in this stage.
    var stageStep = 0
    /// All parameters.
    var values: [Float]
    /// Which parameters pruning left; nil before it, and where nothing is pruned.
    var mask: ParameterMask?
    /// The optimizer's moments.
    var moments: AdamW
    /// How often each block was stepped in this stage.
    var times: [Int64]
    /// Each task's scores in this stage.
    var tasks: [TaskProgress]
    /// The state of this stage with the best mean score, where that is what is kept.
    var bestMean: BestMean?
    /// The step of the latest evaluation, or -1 when this stage has had none.
    var evaluatedAt = -1
    /// The scores that each finished stage ended with, as the journal and the results show them.
    var history: [StageResult] = []

    /// A task's score at one step.
    struct Score: Codable, Equatable, Sendable {
        /// The mean of its metrics.
        let mean: Double
        /// After how many steps of the run.
        let step: Int
        let splits: SplitScores
    }

    /// A task's best state.
    struct Best: Equatable, Sendable {
        /// The task's score with it.
        let score: Score
        /// The task's own vector; nil where another state is kept.
        let values: [Float]?
    }

    /// A task's scores in a stage.
    struct TaskProgress: Equatable, Sendable {
        /// The best state; with its parameters where each task's best is what is kept.
        var best: Best?
        var evaluationsSinceBest = 0
        /// Whether the task is still drawn.
        var isActive = true
        var lastScore: Score?

        /// Adds a score.
        ///
        /// - Returns: whether the task stops here
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
        /// After how many steps of the run.
        let step: Int
        /// Each task's score with it.
        let scores: [Score]
        /// The flat vector.
        let values: [Float]

        /// The mean over the tasks.
        var mean: Double { TrainingState.mean(scores) }
    }

    /// The mean over tasks.
    static func mean(_ scores: [Score]) -> Double {
        scores.reduce(0) { $0 + $1.mean } / Double(max(1, scores.count))
    }

    /// The state before the first step.
    init(_ store: ParameterStore, tasks: Int) {
        values = store.initial
        moments = AdamW(count: store.count)
        times = [Int64](repeating: 0, count: store.blocks.count)
        self.tasks = [TaskProgress](repeating: TaskProgress(), count: tasks)
    }

    /// Whether each task is still drawn.
    var active: [Bool] { tasks.map(\.isActive) }

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
