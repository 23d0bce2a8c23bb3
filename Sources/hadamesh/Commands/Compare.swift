import ArgumentParser
import Diagnostics
import Formats
import Reports

/// `hadamesh compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Prints a table of finished runs: scores, parameters, FLOPs, bytes and seconds per step.",
        discussion: """
            Runs that differ only in the seed form one entry: the mean of each score ± its 95 % confidence \
            interval, and the mean of each other number. A score is the mean of the task's metrics on dev, \
            or on the held-out examples; the mean is over the tasks that all entries scored. Up to six \
            entries are columns, more are rows. A line with one value for all entries is left out and named \
            below. The text table fits the terminal (or COLUMNS, or 80 characters) in several blocks.

            Bytes per step are the most that one rank sent in a step. Gradients of shared parameters travel \
            per task, so that tasks can be compared, or summed if nothing compares them \
            (combination.agreement: off). Seconds are comparable only between runs on the same otherwise \
            idle machine.
            """)

    @Argument(help: "Run directories, sweeps, or folders of runs such as `runs`.")
    var runs: [String]

    @Option(
        help: """
            The format: text, markdown, latex, csv (one row for each entry, all digits), or json (with each \
            run's own numbers).
            """)
    var format = "text"

    @Option(help: "The order: given, name, score (highest first) or parameters (fewest first).")
    var sort = "given"

    @Flag(help: "Show each metric, such as accuracy and F1, in place of the task's score.")
    var metrics = false

    @Option(
        help: ArgumentHelp(
            """
            An entry, by its name in the table or by a run of it, to which the others' differences are \
            shown: of each score, of their mean, and Δm, with intervals of the paired bootstrap over the \
            seeds that both have.
            """, valueName: "entry"))
    var baseline: String?

    @Flag(help: "Show lines with one value for all entries too.")
    var all = false

    @Option(
        help: ArgumentHelp(
            "The facts besides scores, separated by commas: "
                + ComparisonContent.factKeys.joined(separator: ", ") + ".",
            valueName: "facts"))
    var columns: String?

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let content = try ComparisonContent(
                constants: all, facts: columns?.split { ", ".contains($0) }.map(String.init),
                metrics: metrics, baseline: baseline)
            let found = try RunSearch(runs)
            for failure in found.leftOut {
                StandardError.say("warning: left out a run: \(failure)")
            }
            let comparison = try Comparison(found.runs, order: try NamedOption.value(sort, of: "--sort"))
            try TextOutput.write([
                try comparison.table(format, content: content, width: TextOutput.width())
            ])
        }
    }
}
