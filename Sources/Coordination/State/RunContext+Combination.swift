import Adapters
import Combination
import Diagnostics
import Runs
import Studies
import Training

extension RunContext {
    /// Whether tasks have moments of their own on the parameters that they share.
    var hasPerTaskMoments: Bool { study.optimizer.moments == .perTask }

    /// The bytes of the optimizer's moments on each rank: two floats for each parameter, and with moments of
    /// tasks two more for each task of a shared one.
    var momentBytes: Int {
        2 * MemoryLayout<Float>.stride * (store.count + (hasPerTaskMoments ? store.perTask.count : 0))
    }

    /// The blocks that a stage trains and several tasks share.
    private func sharedBlocks(in stage: StageSchedule) -> [Int] {
        store.blocks.indices.filter {
            store.blocks[$0].tasks.count > 1 && stage.trains(store.blocks[$0].slice.kind)
        }
    }

    /// Whether two tasks share a parameter that a stage trains.
    private var sharesParameters: Bool { stages.contains { !sharedBlocks(in: $0).isEmpty } }

    /// Whether the agreement of tasks is measured, as the study asks if there is anything to measure.
    var measuresAgreement: Bool { measuredParts.contains { !$0.blocks.isEmpty } }

    /// How the gradients of shared parameters travel; nil if there are none.
    var sharedGradients: SharedGradients? {
        guard sharesParameters else { return nil }
        return combinesByRule || measuresAgreement ? .perTask : .summed
    }

    /// Whether the tasks' gradients are combined by a rule or by weights other than those of the sum, or are
    /// needed one by one.
    var combinesByRule: Bool { study.combinesTasks }

    /// The key of the study that asks for a combination other than the sum; nil without one.
    private var combiningKey: String? {
        let settings = study.combination
        if type(of: settings.rule) != type(of: CombinationTable.sum) { return "combination.rule" }
        return settings.hasStandardWeights ? nil : "combination.weights"
    }

    /// Refuses a combination of tasks that share nothing, and a split of parameters that splits none.
    package func checkCombination() throws {
        let settings = study.combination
        if !sharesParameters {
            let because = ": no two tasks share a parameter that is trained"
            let remedy = "share parameters, as with sharing.weight: all, or leave it out"
            if let key = combiningKey {
                let isRule = key == "combination.rule"
                let name = isRule ? type(of: settings.rule).name : type(of: settings.weights).name
                throw Failure.usage(
                    "\(name) has nothing to \(isRule ? "combine" : "weigh")\(because)", at: key,
                    remedy: remedy)
            }
            if hasPerTaskMoments {
                throw Failure.usage(
                    "perTask has nothing to act on\(because)", at: "optimizer.moments", remedy: remedy)
            }
        }
        func parts(_ parameters: CombinationSettings.ComparedParameters) -> [Int] {
            stages.map { ComparedPart.all(among: sharedBlocks(in: $0), of: store, over: parameters).count }
        }
        let splitting = CombinationSettings.ComparedParameters.allCases.filter { parts($0) != parts(.all) }
        if settings.over != .all, !splitting.contains(settings.over) {
            let over = settings.over.rawValue
            throw Failure.usage(
                "\(over) splits nothing: the parameters that tasks share are of one \(over)",
                at: "combination.over",
                remedy: "leave it out"
                    + (splitting.isEmpty
                        ? "" : ", or choose among " + splitting.map(\.rawValue).joined(separator: ", ")))
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
                    + "smaller number, or set sampler.draw: random")
        }
    }

    /// Whether each step of a stage holds every active task, since the rule compares all of them.
    func needsEveryTask(in schedule: StageSchedule) -> Bool {
        combinesByRule && type(of: study.combination.rule).comparesAllTasks
            && study.sampler.draw == .quota && !sharedBlocks(in: schedule).isEmpty
    }
}
