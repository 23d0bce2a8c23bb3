import Combination
import Diagnostics
import Formats
import Runs

/// Warns once per start when a step breaks an assumption of the rule's paper.
struct CombinationWarnings {
    private let rule: any CombinationRule.Type
    private var warned: Set<String> = []

    init(_ rule: any CombinationRule) { self.rule = type(of: rule) }

    /// The warnings for a step, given the tasks that are still drawn and are not in it.
    mutating func about(_ report: CombinationReport?, missing: [String], step: Int) -> [Failure] {
        guard let report, report.isOfSharedParameters else { return [] }
        var warnings: [Failure] = []
        if let part = report.unsolved.first, warned.insert("unsolved").inserted {
            warnings.append(
                .data(
                    "\(rule.name) has no solution on the parameters of \(part)", at: "step \(step)",
                    remedy: "the sum is used there, and in later steps like it"))
        }
        if let task = missing.first, rule.comparesAllTasks, warned.insert("missing").inserted {
            warnings.append(
                .usage(
                    "\(rule.name) weighs the tasks against one another, but a step may lack some, as step "
                        + "\(step) lacks \(task)", at: "combination.rule",
                    remedy: "sampler.draw: quota gives every step examples of each task"))
        }
        return warnings
    }
}
