import Adapters
import Combination
import Diagnostics
import Runs
import Studies

extension RunContext {
    /// Whether a rule other than the sum combines the tasks' gradients.
    var combinesByRule: Bool { type(of: study.combination.rule) != type(of: CombinationTable.sum) }

    /// Whether two tasks share a parameter that a stage trains.
    private var sharesParameters: Bool {
        store.blocks.contains { block in
            block.tasks.count > 1 && stages.contains { $0.trains(block.slice.kind) }
        }
    }

    /// Whether the agreement of tasks is measured, as the study asks if there is anything to measure.
    var measuresAgreement: Bool { study.combination.agreement == .on && sharesParameters }

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
    }
}
