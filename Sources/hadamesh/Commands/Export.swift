import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Exchange
import Formats
import Foundation
import Studies
import Tasks
import Tokenizers
import Training

/// `hadamesh export`.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a task's trained adapter in the format of other software.",
        discussion: """
            merged     a plain Hugging Face model with the adapter merged into its weights, if that is exact
            peft       Hugging Face PEFT: lora, ia3, layernorm
            adapters   AdapterHub: houlsby, pfeiffer, parallel, lora, ia3

            With its head the model is a sequence classifier on the first token: heads with 'mean' pooling \
            cannot be exported. --average-heads instead averages the heads of a tiny attention into one and \
            writes a run with that adapter.
            """)

    enum Format: String, NamedChoice, ExpressibleByArgument {
        case merged, peft, adapters
    }

    @OptionGroup
    var options: TrainedRunOptions

    @Option(help: "The task whose adapter is written; required if the run has several.")
    var task: String?

    @Option(name: .customLong("to"), help: "The folder to create.")
    var destination: String

    @Option(help: "The format: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: Format?

    @Flag(help: "Write the encoder without the head.")
    var encoderOnly = false

    @Flag(help: "Average the heads of tiny attention into one, and score the task before and after.")
    var averageHeads = false

    @Option(help: "The data folder, if it has moved since the run.")
    var data: String?

    func validate() throws {
        if format == nil, !averageHeads {
            throw ValidationError("name a format with --format, or --average-heads")
        }
        if format != nil, averageHeads {
            throw ValidationError("--average-heads writes a run, which has no --format")
        }
    }

    func run() throws {
        try SingleProcess.run {
            let study = try options.study(data: data)
            let loaded = try LoadedBackbone(study)
            let run = try options.trained(study, loaded)
            try WrittenRun.requireNothing(at: destination)
            guard let format else {
                try averageHeads(run, loaded)
                return
            }
            let task = try chosenTask(of: run)
            let (layout, values) = try run.parameters(of: task)
            let trained = TrainedAdapter(run.model, task: task.name, task.output, layout, values: values)
            switch format {
            case .merged: try MergedFolder.write(trained, encoderOnly: encoderOnly, to: destination)
            case .peft:
                try PEFTFolder.write(
                    trained, backbone: study.backbone, encoderOnly: encoderOnly, to: destination)
            case .adapters:
                try AdapterHubFolder.write(
                    trained, backbone: study.backbone, encoderOnly: encoderOnly, to: destination)
            }
            print("wrote \(destination)")
        }
    }

    private func chosenTask(of run: TrainedRun) throws -> any LanguageTask {
        guard let name = task ?? (run.tasks.count == 1 ? run.tasks[0].name : nil) else {
            throw Failure.usage(
                "the run has several tasks", at: "--task",
                remedy: "name one of \(run.tasks.map(\.name).joined(separator: ", "))")
        }
        return try run.task(named: name)
    }

    /// Writes a run whose tiny attention has one head, and prints each task's score before and after.
    private func averageHeads(_ run: TrainedRun, _ loaded: LoadedBackbone) throws {
        guard let method = run.model.method as? TinyAttention, method.heads > 1 else {
            throw Failure.usage(
                "the run's adapter is no tiny-attention of several heads", at: "--average-heads",
                remedy: "average a run of method tiny-attention with heads above 1")
        }
        var adapter = method
        let vectors = try run.tasks.map { task in
            let (layout, values) = try run.parameters(of: task)
            let averaged = method.averagingHeads(values, in: layout)
            adapter = averaged.method
            return averaged.values
        }
        let study = run.study.using(AdapterSettings(adapter))
        let model = try AdaptedModel(run.model.weights, adapter, study.head)
        try WrittenRun.create(study, model, vectors, at: destination)
        let after = try TrainedRun(study, model, directory: destination)
        let examples = try run.tasks.map { try TaskData($0, study, loaded.tokenizer) }
        let scores = try ThreadWorld.run(1) { world in
            try [run, after].map { try $0.evaluate(examples, world) }
        }
        for (before, after) in zip(scores[0][0], scores[0][1]) {
            print(before.task, decimal(before.mean), decimal(after.mean), separator: "\t")
        }
        print("wrote \(destination)")
    }

    private func decimal(_ score: Double) -> String { String(format: "%.4f", score) }
}
