import ArgumentParser
import Studies

/// `hadamesh compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a table of finished runs: each task's score, trained parameters, bytes per step.")

    @Argument(help: "Run directories.")
    var runs: [String]

    func run() throws {
        try runInOneProcess {
            print(try Comparison(runs).table())
        }
    }
}
