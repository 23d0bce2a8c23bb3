import Adapters
import ArgumentParser
import Coordination
import Diagnostics
import Encoders
import Exchange
import Formats
import Foundation
import Studies
import Tasks
import Training

/// `hadamesh import`.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates a run from an adapter trained by PEFT or AdapterHub.",
        discussion: """
            The study names the backbone, the data and the task; method, settings and pooling come from the \
            folder. If the folder does not name the labels of the head's rows (PEFT folders never do), \
            --labels must. The result is an ordinary run for evaluate, predict and export.
            """)

    @Argument(help: "The adapter's folder: adapter_config.json and its safetensors, head included.")
    var folder: String

    @Argument(help: "The study file, in YAML.")
    var study: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .long], help: "The run directory to create.",
        transform: writtenPath)
    var output: String

    @OptionGroup
    var options: StudyOptions

    @Option(help: "The adapter's task; required if the study has several.")
    var task: String?

    @Option(
        help: ArgumentHelp(
            "The task's labels in the order of the head's rows, if the folder does not name them.",
            valueName: "a,b,…"))
    var labels: String?

    func run() throws {
        try SingleProcess.run {
            let asked = try studyOfTask()
            let resolved = try asked.tasks[0].resolve()
            try WrittenRun.requirePlace(ofRun: output)
            let weights = try EncoderWeights(directory: asked.backbone.folder, for: asked.arithmetic)
            let imported = try ImportedAdapter.read(folder, on: weights)
            let study = asked.using(imported.adapter, imported.head(dropout: asked.head.dropout))
            let model = try LoadedBackbone(study, weights).model
            let layout = model.layout(for: resolved.output, headOwner: resolved.name, seed: study.seed)
            let values = try imported.values(
                in: layout, for: resolved.output, labels: labels?.split(separator: ",").map(String.init))
            try WrittenRun.create(study, model, [values], at: output)
            print("wrote \(output): \(imported.software)'s \(type(of: study.adapter.method).name)")
        }
    }

    /// The study for the adapter's task alone.
    private func studyOfTask() throws -> Study {
        let study = try options.study(study)
        let tasks = study.tasks
        guard let task else {
            if tasks.count == 1 { return study }
            throw Failure.usage(
                "\(self.study): tasks: names \(tasks.count) tasks, but an imported adapter has one head",
                remedy: "--task chooses one: \(tasks.map(\.name).joined(separator: ", "))")
        }
        guard let chosen = tasks.first(where: { $0.name == task }) else {
            throw Failure.usage(
                "\(self.study) has no task '\(task)'", at: "--task",
                remedy: didYouMean(task, among: tasks.map(\.name)))
        }
        return tasks.count == 1 ? study : study.sharedBy([chosen])
    }
}
