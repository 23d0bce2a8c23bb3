import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
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
        abstract: "Exports one task's adapter to another format.",
        discussion: """
            merged     a Hugging Face model with the adapter in its weights, if exact
            peft       PEFT: lora, ia3, layernorm, hut with form lowrank as HIRA
            adapters   AdapterHub: houlsby, pfeiffer, parallel, lora, ia3

            If transformers' sequence classifier for the backbone computes the run's head, the folder is \
            that class: for BERT, RoBERTa and MPNet with pooling pooler, cls, or cls with dense tanh; for \
            ELECTRA, cls, or cls with dense gelu; for DistilBERT, cls with dense relu. Otherwise, and always \
            with pooling mean, it has the head beside the encoder, and head.py to load both: from head \
            import load; load("DIR")(["a text"]). SentenceTransformer("DIR").encode gives the logits of \
            merged and peft.

            --average-heads averages the heads of a tiny attention into one instead, and writes a run with \
            that adapter.
            """)

    @Argument(help: "The run directory.")
    var directory: String

    @OptionGroup
    var inputs: TrainedRunInputs

    @Option(help: "The task whose adapter is written; required if the run has several.")
    var task: String?

    @Option(name: .customLong("to"), help: "The folder to create.", transform: writtenPath)
    var destination: String

    @Option(help: "The format; merged by default.")
    var format: ExportFormat?

    @Option(
        help: ArgumentHelp(
            "The backbone's name on the Hub, for the files that name it; by default the study's name for it.",
            valueName: "NAME[@REVISION]"))
    var baseModel: String?

    @Flag(help: "Write the encoder without the head.")
    var encoderOnly = false

    @Flag(help: "Average the heads of tiny attention into one, and score the task before and after.")
    var averageHeads = false

    @Option(help: "The data folder, if it has moved since the run.")
    var data: String?

    func validate() throws {
        if averageHeads, format != nil || encoderOnly || baseModel != nil {
            throw ValidationError(
                "--average-heads writes a run: leave out --format, --encoder-only and --base-model")
        }
        if baseModel?.isEmpty == true { throw ValidationError("--base-model is empty, expected a name") }
    }

    func run() throws {
        try SingleProcess.run {
            let named: BaseModel?
            do { named = try baseModel.map { try BaseModel($0) } } catch let failure as Failure {
                throw failure.at("--base-model")
            }
            let study = try inputs.study(of: directory, data: data)
            let loaded = try LoadedBackbone(study)
            let run = try inputs.trained(directory, study, loaded)
            try WrittenRun.requireNothing(at: destination)
            if averageHeads { return try averageHeads(run, loaded) }
            let task = try chosenTask(of: run)
            let (layout, values) = try run.parameters(of: task)
            let trained = TrainedAdapter(
                run.model, task: task.name, task.output, isPaired: task.isPaired,
                maximumTokens: study.maximumTokens, layout, values: values)
            let format = format ?? .merged
            let baseModel = named ?? study.backbone.snapshot.map(BaseModel.init)
            try format.write(trained, baseModel: baseModel, encoderOnly: encoderOnly, to: destination)
            print("wrote \(destination)")
            if !encoderOnly, let difference = format.difference(of: trained) { StandardError.say(difference) }
            if format != .merged, baseModel == nil {
                StandardError.say(
                    "adapter_config.json names the backbone by its local path, \(study.backbone); "
                        + "--base-model NAME names it as on the Hub")
            }
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
                "the run's adapter is not a tiny-attention with several heads", at: "--average-heads",
                remedy: "choose a run of tiny-attention with 2 heads or more")
        }
        var adapter = method
        let vectors = try run.tasks.map { task in
            let (layout, values) = try run.parameters(of: task)
            let averaged = method.averagingHeads(values, in: layout)
            adapter = averaged.method
            return averaged.values
        }
        let study = run.study.using(AdapterSettings(adapter))
        let model = try AdaptedModel(run.model.weights, adapter, study.head, study.arithmetic)
        try WrittenRun.create(study, model, vectors, at: destination)
        let after = try TrainedRun(study, model, directory: destination)
        let examples = try TaskData.all(run.tasks, study, loaded.tokenizer, reading: .scored(on: nil))
        let scores = try ThreadWorld.run(1) { world in
            let status = StatusLine(quiet: false)
            defer { status.close() }
            return try [run, after].map {
                try $0.evaluate(examples, world, reportingTo: ReadingDisplay(status))
            }
        }
        for (before, after) in zip(scores[0][0], scores[0][1]) {
            print(before.task, decimal(before.mean), decimal(after.mean), separator: "\t")
        }
        print("wrote \(destination)")
    }

    private func decimal(_ score: Double) -> String { String(format: "%.4f", score) }
}

extension ExportFormat: ExpressibleByArgument {
    /// Reads a name in any case, such as `PEFT`.
    package init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}
