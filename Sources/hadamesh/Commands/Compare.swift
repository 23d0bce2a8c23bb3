import ArgumentParser
import Formats
import Reports

/// `hadamesh compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Prints a table of finished runs: scores, parameters, operations, bytes and seconds per step.",
        discussion: """
            Runs that differ only in the seed form one entry: mean ± sample standard deviation of each \
            score, and the mean of each other number. Up to six entries are columns, more are rows. Seconds \
            are comparable only between runs on the same otherwise idle machine.
            """)

    @Argument(help: "Run directories.")
    var runs: [String]

    @Option(help: "The format: text, markdown, or json (with all digits and each run's own numbers).")
    var format = "text"

    @Option(help: "The order: given, name, score (highest first) or parameters (fewest first).")
    var sort = "given"

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let comparison = try Comparison(runs, order: try NamedOption.value(sort, of: "--sort"))
            try TextOutput.write([comparison.table(format)])
        }
    }
}
