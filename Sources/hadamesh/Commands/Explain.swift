import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Reports
import Studies
import Tokenizers

/// `hadamesh explain`.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how much of AdapterBias's shift each token of a text gets, by layer.",
        discussion: """
            Prints a table for each line of input, with tokens as rows and layers as columns. In a task of \
            pairs a tab separates the texts of a line. The run's method must be adapter-bias, or a list with \
            it. Runs in one process.
            """)

    @OptionGroup
    var options: TrainedRunOptions

    @Option(help: "The task whose adapter is shown.")
    var task: String

    @Option(help: "A text file, or - for standard input.")
    var input = "-"

    @Option(help: "Also write an HTML page with shaded tokens to this file.")
    var html: String?

    func run() throws {
        MPI.run { world in
            let study = try options.study()
            guard TokenShifts.exist(in: study.adapter.method) else {
                throw Failure.usage(
                    "explain needs adapter-bias, this run trained \(type(of: study.adapter.method).name)",
                    at: options.directory,
                    remedy: "train a study with 'adapter: { method: adapter-bias }', or with it in a list")
            }
            let loaded = try LoadedBackbone(study)
            let trained = try options.trained(study, loaded)
            let task = try trained.task(named: self.task)
            _ = try onRoot(world) {
                let lines = try TextInput(path: input).texts(for: task)
                let shifted = try trained.tokenShifts(self.task, lines, loaded.tokenizer)
                let report = TokenReport(
                    title: "\(URL(fileURLWithPath: options.directory).lastPathComponent): \(self.task)",
                    layers: shifted.first?.layers ?? [],
                    entries: zip(lines, shifted).map { line, shifted in
                        TokenReport.Entry(
                            text: line.first + (line.second.map { "\t\($0)" } ?? ""), tokens: shifted.tokens,
                            values: shifted.values.map { $0.map { Double($0) } })
                    })
                if let html { try AtomicFile.write(Data(report.page().utf8), to: html) }
                if !report.entries.isEmpty { try TextOutput.write([report.text()]) }
                return []
            }
            return 0
        }
    }
}
