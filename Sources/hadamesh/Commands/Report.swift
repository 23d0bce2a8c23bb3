import ArgumentParser
import Diagnostics
import Formats
import Foundation
import Reports

/// `hadamesh report`.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a page on finished runs: scores, curves, agreement of tasks, ranks, settings.",
        discussion: """
            The page is one HTML file that any browser shows, without a network and without scripts: \
            scores with intervals over seeds, learning curves, shares of examples, weights of the \
            combination rule, agreement of tasks, how far adapters moved, parameters against score, the \
            ranks' time, settings that differ, how to reproduce and how to cite the runs. Every figure has \
            its numbers in a table below it.
            """)

    @Argument(help: "Run directories, sweeps, or folders of runs such as `runs`.")
    var runs: [String]

    @Option(name: [.customShort("o"), .long], help: "The HTML file to write.", transform: writtenPath)
    var output: String

    @Option(
        help: ArgumentHelp(
            "An entry, by its name in the table or by a run of it, to which the others are compared.",
            valueName: "entry"))
    var baseline: String?

    func validate() throws {
        if !output.hasSuffix(".html") {
            throw ValidationError(
                "--output is '\(output)', expected the name of an HTML file, such as report.html")
        }
    }

    func run() throws {
        try SingleProcess.run {
            let found = try RunSearch(runs)
            for failure in found.leftOut { StandardError.say("warning: left out a run: \(failure)") }
            let page = try RunReport(found, baseline: baseline).page()
            try AtomicFile.write(Data(page.utf8), to: output)
            try TextOutput.write(["wrote \(output)"])
        }
    }
}
