import Adapters
import Diagnostics
import Formats
import Runs
import Studies
import Tasks

/// Chooses the states to keep and the tasks to stop, from scores alone and so equally on all ranks.
struct ModelSelection {
    private let context: RunContext
    private var settings: EvaluationSettings { context.study.evaluation }

    init(_ context: RunContext) { self.context = context }

    /// The tasks to score: active ones, and others if one state is kept for all and their parameters change.
    ///
    /// The mean score, and the last scores, are then those of a single state.
    func tasksToScore(_ state: TrainingState, _ schedule: StageSchedule) -> [Int] {
        let active = state.active
        return active.indices.filter { task in
            active[task]
                || settings.keep != .best
                    && context.store.blockOfSlice[task].map { context.store.blocks[$0] }.contains { block in
                        schedule.trains(block.slice.kind) && block.tasks.contains { active[$0] }
                    }
        }
    }

    /// Updates best states, patience and activity with the scores of some tasks.
    func update(_ state: inout TrainingState, _ tasks: [Int], _ scores: [TaskScore]) -> [TaskEvaluation] {
        let evaluations = zip(tasks, scores).map { task, found in
            let score = TrainingState.Score(mean: found.mean, step: state.step, splits: found.splits)
            let isBest = score.mean > state.tasks[task].best?.score.mean ?? -.infinity
            if isBest {
                let values = settings.keep == .best ? context.store.values(of: task, in: state.values) : nil
                state.tasks[task].best = TrainingState.Best(score: score, values: values)
            }
            let stops = state.tasks[task].add(score, isBest: isBest, patience: settings.patience)
            return TaskEvaluation(
                task: context.names[task], score: score.mean, isBest: isBest, stops: stops,
                splits: score.splits)
        }
        if settings.keep == .mean, let mean = state.latestMean, mean > state.bestMean?.mean ?? -.infinity {
            state.bestMean = TrainingState.BestMean(
                step: state.step, scores: state.tasks.compactMap(\.lastScore), values: state.values)
        }
        state.evaluatedAt = state.step
        return evaluations
    }

    /// A task's parameters in the kept state, in its own layout.
    func keptValues(of task: Int, in state: TrainingState) -> [Float] {
        switch settings.keep {
        case .best: state.tasks[task].best?.values ?? context.store.values(of: task, in: state.values)
        case .mean: context.store.values(of: task, in: state.bestMean?.values ?? state.values)
        case .last: context.store.values(of: task, in: state.values)
        }
    }

    /// The step of each task's kept state.
    func keptSteps(_ state: TrainingState) -> [Int] {
        state.tasks.map { progress in
            switch settings.keep {
            case .best: progress.best?.score.step ?? state.step
            case .mean: state.bestMean?.step ?? state.step
            case .last: state.step
            }
        }
    }

    /// The warning that tasks keep a shared adapter from different steps, and thus one each; nil if none do.
    func copiesWarning(_ keptSteps: [Int]) -> Failure? {
        let shared = context.store.blocks.filter { $0.slice.kind != .head }
            .map { block in Set(block.tasks.map { keptSteps[$0] }) }
        guard let steps = shared.max(by: { $0.count < $1.count }), steps.count > 1 else { return nil }
        let list = steps.sorted().map(String.init).joined(separator: ", ")
        return .usage(
            "is best, which kept \(steps.count) copies of the shared adapter, from steps \(list)",
            at: "evaluation.keep", remedy: "keep: mean or last keeps one adapter for all its tasks")
    }

    /// Restores the kept state; with one state per task, only parameters that no other task uses.
    func restoreKept(_ state: inout TrainingState) {
        switch settings.keep {
        case .last: break
        case .mean: state.values = state.bestMean?.values ?? state.values
        case .best:
            for (task, progress) in state.tasks.enumerated() {
                guard let values = progress.best?.values else { continue }
                context.store.put(values, of: task, into: &state.values) { $0.tasks == [task] }
            }
        }
    }

    /// The result of the current stage: the scores of its kept state, and the shares of examples drawn.
    func result(_ state: TrainingState, drawn: PlannerState) -> StageResult {
        let names = context.names
        return StageResult(
            stage: context.stages[state.stage].name, steps: state.stageStep,
            tasks: NamedValues(
                zip(names.indices, keptSteps(state)).map { task, step in
                    (names[task], keptScore(of: task, in: state, step: step))
                }),
            drawn: drawn.shares(names),
            agreement: TaskAgreement(state.agreement, context.measuredParts[state.stage], names: names),
            effect: state.effect.mean)
    }

    private func keptScore(of task: Int, in state: TrainingState, step: Int) -> KeptScore? {
        let (best, last) = (state.tasks[task].best?.score, state.tasks[task].lastScore)
        // If no evaluation gave a comparable score, the last state is kept.
        let kept =
            switch settings.keep {
            case .best: best ?? last
            case .mean: state.bestMean?.scores[task] ?? last
            case .last: last
            }
        return kept.map {
            KeptScore(
                score: $0.mean, step: step, splits: $0.splits,
                best: best.map { KeptScore.Best(score: $0.mean, step: $0.step) })
        }
    }
}

extension TaskScore {
    /// The metrics in the form of results and the journal.
    var splits: SplitScores {
        NamedValues(
            entries.map { entry in
                (
                    entry.split.rawValue,
                    NamedValues(entry.scores.entries.map { ($0.metric.rawValue, $0.value) })
                )
            })
    }
}
