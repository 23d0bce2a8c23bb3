import Adapters
import Combination
import Diagnostics
import Studies

extension RunContext {
    /// Whether a rule other than the sum combines the tasks' gradients.
    var combinesByRule: Bool { type(of: study.combination.rule) != type(of: CombinationTable.sum) }

    /// Refuses a rule that compares the gradients of tasks that share nothing.
    package func checkCombination() throws {
        guard combinesByRule else { return }
        let shares = store.blocks.contains { block in
            block.tasks.count > 1 && stages.contains { $0.trains(block.slice.kind) }
        }
        if !shares {
            throw Failure.usage(
                "\(type(of: study.combination.rule).name) has nothing to combine: no two tasks share a "
                    + "parameter that is trained", at: "combination.rule",
                remedy: "share parameters, as with sharing.weight: all, or leave out the rule")
        }
    }
}
