import Adapters
import Collectives
import Diagnostics
import Formats
import Kernels
import Studies
import Tasks
import Training

/// Scores tasks on all ranks together, and keeps what is best.
final class Evaluator {
    /// Examples of one unit: enough for products at their full rate, few enough for an even share of the ranks.
    private static let examplesPerUnit = 8

    private let context: RunContext
    private let communicator: any Communicator
    private let ranks: [Int]
    private let cache: ActivationCache?
    private let workspace: Workspace

    init(
        _ context: RunContext, _ communicator: any Communicator, ranks: [Int], _ cache: ActivationCache?,
        _ workspace: Workspace
    ) {
        self.context = context
        self.communicator = communicator
        self.ranks = ranks
        self.cache = cache
        self.workspace = workspace
    }

    /// Scores tasks, and updates best states, patience and activity; equal on all ranks.
    ///
    /// Tasks that are no longer drawn are scored too where the state is kept for all tasks at once and has changed for them:
    /// a mean over tasks is then one state's, and the last scores are those of the last state.
    func evaluate(_ schedule: StageSchedule, _ state: inout TrainingState) throws
        -> [(task: String, score: Double, isBest: Bool, stops: Bool, detail: JSONValue)]
    {
        let settings = context.study.evaluation
        let tasks = state.active.indices.filter {
            state.active[$0] || (settings.keep != .best && changes($0, schedule, state.active))
        }
        let vectors = tasks.map { context.store.values(of: $0, in: state.values) }
        let predictions = try predict(tasks, vectors, adapted: schedule.stage != .head)
        var report: [(task: String, score: Double, isBest: Bool, stops: Bool, detail: JSONValue)] = []
        for (position, task) in tasks.enumerated() {
            let found = try self.score(task, predictions[position])
            let score = TrainingState.Score(
                mean: found.mean, step: state.step, detail: Self.detail(found))
            let isBest = score.mean > state.best[task]?.score.mean ?? -.infinity
            if isBest {
                state.best[task] = TrainingState.Best(
                    score: score, values: settings.keep == .best ? vectors[position] : nil)
            }
            var stops = false
            if state.active[task] {
                state.stale[task] = isBest ? 0 : state.stale[task] + 1
                stops = settings.patience > 0 && state.stale[task] >= settings.patience
                state.active[task] = !stops
            }
            state.latest[task] = score
            report.append((context.names[task], score.mean, isBest, stops, score.detail))
        }
        let scores = state.latest.compactMap { $0 }
        if settings.keep == .mean, scores.count == context.names.count,
            TrainingState.mean(scores) > state.bestMean?.mean ?? -.infinity
        {
            state.bestMean = TrainingState.BestMean(step: state.step, scores: scores, values: state.values)
        }
        state.evaluatedAt = state.step
        return report
    }

    /// Whether a task that is no longer drawn shares something that a task still drawn trains.
    private func changes(_ task: Int, _ schedule: StageSchedule, _ active: [Bool]) -> Bool {
        context.store.placements[task].map { context.store.blocks[$0] }.contains { block in
            schedule.trains(block.slice.kind) && block.tasks.contains { active[$0] }
        }
    }

    /// The scores of a task's evaluation sets, one set of predictions each.
    func score(_ task: Int, _ predictions: [Predictions]) throws -> TaskScore {
        let data = context.data[task]
        return TaskScore(
            task: data.task.name,
            try zip(data.sets, predictions).map { set, predictions in
                TaskScore.Entry(
                    split: set.split,
                    scores: try data.task.scores(
                        predictions, targets: set.indices.compactMap { set.examples.targets[$0] }))
            })
    }

    /// A score as results and the journal hold it: split by split, metric by metric.
    static func detail(_ score: TaskScore) -> JSONValue {
        .object(
            score.entries.map { entry in
                (
                    entry.split.rawValue,
                    .object(entry.scores.entries.map { ($0.metric.rawValue, .number($0.value)) })
                )
            })
    }

    /// Logits of tasks' evaluation sets, computed on all ranks together.
    ///
    /// - Parameters:
    ///   - tasks: the tasks' indices
    ///   - vectors: each task's parameters, in its own layout
    ///   - adapted: whether adapters act; otherwise the head reads the frozen backbone's pooled vectors
    /// - Returns: by task, then by set
    /// - Throws: a failure where a logit is not finite
    func predict(_ tasks: [Int], _ vectors: [[Float]], adapted: Bool) throws -> [[Predictions]] {
        var pieces: [(task: Int, set: Int, examples: [Int], offset: Int)] = []
        var costs: [Double] = []
        var end = 0
        for (position, task) in tasks.enumerated() {
            for (set, evaluation) in context.data[task].sets.enumerated() {
                for start in stride(from: 0, to: evaluation.indices.count, by: Self.examplesPerUnit) {
                    let examples = Array(
                        evaluation.indices[
                            start..<min(evaluation.indices.count, start + Self.examplesPerUnit)])
                    pieces.append((position, set, examples, end))
                    costs.append(cost(of: examples, in: evaluation.examples))
                    end += examples.count * context.data[task].task.output.width
                }
            }
        }
        // Bit patterns travel as integers: each is brought by one rank, and zeros by all others.
        var patterns = [Int32](repeating: 0, count: end)
        let owners = assign(costs: costs, to: ranks)
        for (index, (piece, owner)) in zip(pieces, owners).enumerated() where owner == communicator.rank {
            communicator.watch?.enter(unit: index + 1)
            let logits = self.logits(
                tasks[piece.task], piece.set, piece.examples, vectors[piece.task], adapted: adapted)
            for (i, logit) in logits.enumerated() {
                patterns[piece.offset + i] = Int32(bitPattern: logit.bitPattern)
            }
        }
        try timed(.sum) { try communicator.allReduce(&patterns, .sum) }
        for (piece, owner) in zip(pieces, owners) {
            cache?.mark(
                piece.examples, context.splits.sets[tasks[piece.task]][piece.set], adapted: adapted, by: owner
            )
        }

        var next = 0
        return try tasks.map { task in
            let width = context.data[task].task.output.width
            return try context.data[task].sets.map { set in
                defer { next += set.indices.count * width }
                let logits = patterns[next..<next + set.indices.count * width].map {
                    Float(bitPattern: UInt32(bitPattern: $0))
                }
                return try Predictions(logits: logits, width: width)
            }
        }
    }

    private func logits(_ task: Int, _ set: Int, _ examples: [Int], _ vector: [Float], adapted: Bool)
        -> [Float]
    {
        let (layout, split) = (context.store.layouts[task], context.splits.sets[task][set])
        return vector.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return [] }
            let batch = context.data[task].sets[set].examples.batch(examples)
            let start = cache?.start(examples, split, batch, adapted: adapted)
            return context.model.logits(
                batch, task: context.names[task], layout, values: base, adapted: adapted, start: start,
                workspace)
        }
    }
}
