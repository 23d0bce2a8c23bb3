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
            The study names the backbone, the data and one task; method, settings and pooling come from the \
            folder. If the folder does not name the labels of the head's rows (PEFT folders never do), \
            --labels must. The result is an ordinary run for evaluate, predict and export.
            """)

    @Argument(help: "The adapter's folder: adapter_config.json and its safetensors, head included.")
    var folder: String

    @Argument(help: "The study file, in YAML.")
    var study: String

    @Option(name: .customLong("output"), help: "The run directory to create.", transform: writtenPath)
    var output: String

    @OptionGroup
    var options: StudyOptions

    @Option(
        help: ArgumentHelp(
            "The task's labels in the order of the head's rows, if the folder does not name them.",
            valueName: "a,b,…"))
    var labels: String?

    func run() throws {
        try SingleProcess.run {
            let asked = try options.study(study)
            let tasks = try asked.tasks.map { try $0.resolve() }
            guard tasks.count == 1 else {
                throw Failure.usage(
                    "\(study): tasks: names \(tasks.count) tasks, but an imported adapter has one head",
                    remedy:
                        "leave only the adapter's task in it; of GLUE's tasks, --set 'tasks=[mrpc]' names one"
                )
            }
            try WrittenRun.requireNothing(at: output)
            let weights = try EncoderWeights(directory: asked.backbone.folder, for: asked.arithmetic)
            let imported = try ImportedAdapter.read(folder, on: weights)
            let study = asked.using(imported.adapter, imported.head(dropout: asked.head.dropout))
            let model = try LoadedBackbone(study, weights).model
            let layout = model.layout(for: tasks[0].output, headOwner: tasks[0].name, seed: study.seed)
            let values = try imported.values(
                in: layout, for: tasks[0].output, labels: labels?.split(separator: ",").map(String.init))
            try WrittenRun.create(study, model, [values], at: output)
            print("wrote \(output): \(imported.software)'s \(type(of: study.adapter.method).name)")
        }
    }
}
