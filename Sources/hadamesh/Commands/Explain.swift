import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Reports
import Studies
import Tasks
import Tokenizers

/// `hadamesh explain`.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how much of AdapterBias's shift each token of a text gets, by layer.",
        discussion: """
            Prints a table for each example, with tokens as rows and layers as columns. The run's method \
            must be adapter-bias, or a list with it. Runs in one process.
            """)

    @Argument(help: "The run directory.")
    var directory: String

    @OptionGroup
    var inputs: TrainedRunInputs

    @OptionGroup
    var texts: TextInputOptions

    @Option(help: "Also write an HTML page with shaded tokens to this file.", transform: writtenPath)
    var html: String?

    func run() throws {
        MPI.run { world in
            let study = try inputs.study(of: directory, data: texts.data)
            guard TokenShifts.exist(in: study.adapter.method) else {
                throw Failure.usage(
                    "explain needs adapter-bias, but this run trained \(type(of: study.adapter.method).name)",
                    at: directory,
                    remedy: "train a study with 'adapter: { method: adapter-bias }', or with it in a list")
            }
            let loaded = try LoadedBackbone(study)
            let trained = try inputs.trained(directory, study, loaded)
            let task = try trained.task(named: texts.task)
            let examples = try texts.examples(of: task, in: study.data, world)
            try onRoot(world) {
                let shifted = try trained.tokenShifts(task, examples, loaded.tokenizer)
                let report = TokenReport(
                    title: "\(URL(fileURLWithPath: directory).lastPathComponent): \(task.name)",
                    layers: shifted.first?.layers ?? [],
                    entries: zip(examples, shifted).map { example, shifted in
                        TokenReport.Entry(
                            text: example.first + (example.second.map { "\t\($0)" } ?? ""),
                            tokens: shifted.tokens,
                            values: shifted.values.map { $0.map { Double($0) } })
                    })
                if let html { try AtomicFile.write(Data(report.page().utf8), to: html) }
                try TextOutput.write([report.text(width: TextOutput.width())])
            }
            return 0
        }
    }
}
