import ArgumentParser
import Coordination
import Diagnostics
import Exchange
import Foundation
import Tasks

/// `hadamesh export`.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes one task's trained adapter in the form of other software.",
        discussion: """
            merged    a plain Hugging Face model with the adapter folded into its weights, where that is exact
            """)

    /// What is written.
    enum Format: String, NamedChoice, ExpressibleByArgument {
        /// A plain transformers model.
        case merged
    }

    @Argument(help: "The run directory.")
    var directory: String

    @Option(help: "The task whose adapter is written; the run's only one by default.")
    var task: String?

    @Option(name: .customLong("to"), help: "The folder to make.")
    var destination: String

    @Option(help: "The form: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: Format

    @Flag(help: "Leave the head out: the encoder alone.")
    var encoderOnly = false

    @Option(help: "The backbone's folder, where it has moved since the run.")
    var backbone: String?

    func run() throws {
        try runInOneProcess {
            let study = try studyOfRun(directory, backbone: backbone, data: nil)
            let run = try TrainedRun(study, try LoadedBackbone(study).model, directory: directory)
            guard let name = task ?? (run.tasks.count == 1 ? run.tasks[0].name : nil) else {
                throw Failure.usage(
                    "the run has several tasks", at: "--task",
                    remedy: "name one of \(run.tasks.map(\.name).joined(separator: ", "))")
            }
            if FileManager.default.fileExists(atPath: destination) {
                throw Failure.usage("is there already", at: destination, remedy: "name a folder to make")
            }
            let task = try run.task(named: name)
            let (layout, values) = try run.parameters(of: task)
            let trained = TrainedAdapter(run.model, task: name, task.output, layout, values: values)
            switch format {
            case .merged: try MergedFolder.write(trained, encoderOnly: encoderOnly, to: destination)
            }
            print("wrote \(destination)")
        }
    }
}
