import ArgumentParser
import Formats
import Reports

/// `hadamesh compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Prints a table of finished runs: scores, parameters, operations, bytes and seconds per step.",
        discussion: """
            Runs whose studies differ in the seed alone are one entry: each score's mean ± sample standard \
            deviation over the seeds, and each fact's mean. Up to six entries are columns, more are rows. Seconds \
            compare runs only where they were measured on one machine with nothing else to do.
            """)

    @Argument(help: "Run directories.")
    var runs: [String]

    @Option(help: "How the table is written: text, markdown or json (with all digits, and each run's own).")
    var format = "text"

    @Option(help: "The entries' order: given, name, score (highest first) or parameters (fewest first).")
    var sort = "given"

    func run() throws {
        try runInOneProcess {
            let format: TableFormat = try choice(self.format, of: "--format")
            let comparison = try Comparison(runs, order: try choice(sort, of: "--sort"))
            try writeLines([comparison.table(format)])
        }
    }
}
