import Adapters
import Combination
import Diagnostics
import Runs
import Studies

extension RunContext {
    /// Whether a rule other than the sum combines the tasks' gradients.
    var combinesByRule: Bool { type(of: study.combination.rule) != type(of: CombinationTable.sum) }

    /// Whether two tasks share a parameter that a stage trains.
    private var sharesParameters: Bool { stages.contains(where: shares) }

    /// Whether the agreement of tasks is measured, as the study asks if there is anything to measure.
    var measuresAgreement: Bool { measuredParts.contains { !$0.blocks.isEmpty } }

    /// How the gradients of shared parameters travel; nil if there are none.
    var sharedGradients: SharedGradients? {
        guard sharesParameters else { return nil }
        return combinesByRule || measuresAgreement ? .perTask : .summed
    }

    /// Refuses a rule that compares the gradients of tasks that share nothing.
    package func checkCombination() throws {
        guard combinesByRule else { return }
        if !sharesParameters {
            throw Failure.usage(
                "\(type(of: study.combination.rule).name) has nothing to combine: no two tasks share a "
                    + "parameter that is trained", at: "combination.rule",
                remedy: "share parameters, as with sharing.weight: all, or leave out the rule")
        }
        let (tasks, batch) = (names.count, study.batch)
        if batch.microBatches < tasks, stages.contains(where: needsEveryTask) {
            let room =
                batch.microBatches == 1
                ? "a single micro-batch" : "\(batch.microBatches) micro-batches of \(batch.microBatch)"
            throw Failure.usage(
                "is \(batch.examples), \(room), but "
                    + "\(type(of: study.combination.rule).name) needs each of the \(tasks) tasks in every "
                    + "step",
                at: "batch.examples",
                remedy: "set it to \((tasks - 1) * batch.microBatch + 1) or more, or batch.microBatch to a "
                    + "smaller number; sampler.draw: random does without")
        }
    }

    /// Whether each step of a stage holds every active task, since the rule compares all of them.
    func needsEveryTask(in schedule: StageSchedule) -> Bool {
        combinesByRule && type(of: study.combination.rule).comparesAllTasks
            && study.sampler.draw == .quota && shares(in: schedule)
    }

    /// Whether a stage trains parameters that tasks share.
    private func shares(in schedule: StageSchedule) -> Bool {
        store.blocks.contains { $0.tasks.count > 1 && schedule.trains($0.slice.kind) }
    }
}
