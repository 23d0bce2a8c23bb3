import Adapters
import ArgumentParser
import Coordination
import Diagnostics
import Encoders
import Formats
import Reports
import Studies
import Tasks
import Training

/// `hadamesh similarity`.
struct Similarity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares trained adapters: cosines and norms of the change of each tensor in training.",
        discussion: """
            Prints the cosine of the changes for every tensor, layer and pair of adapters: of w − 1 and b \
            for a Hadamard adapter, of the difference to the initial value otherwise. Compares the tasks of \
            one run, or of several runs (task@run) of one method on backbones of one shape. Shared tensors \
            are marked; a dash means no change. Heads are not compared.
            """)

    @Argument(help: "Run directories.")
    var runs: [String]

    @Option(help: "Compare only tensors whose name contains this text, such as hadamard.weight.")
    var tensor: String?

    @Option(help: "The format: text, markdown, or json (with all digits).")
    var format = "text"

    @Option(help: "The backbone's folder or name, if it has moved since the runs.")
    var backbone: String?

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let names: [String?] = runs.count > 1 ? runNames(runs.map { [$0] }) : [nil]
            let adapters = try zip(runs, names).flatMap(adapters)
            guard let first = adapters.first else { return }
            for other in adapters { try requireSameTensors(other, first) }
            let all = try AdapterSimilarity(
                adapters.map {
                    AdapterSimilarity.Member(name: $0.name, owners: $0.owners)
                },
                first.change.tensors.map { AdapterSimilarity.Tensor(name: $0.name, layer: $0.layer) }
            ) { member, tensor in
                let change = adapters[member].change
                return change.values(of: change.tensors[tensor])
            }
            let chosen = try tensor.map { try AdapterSimilarity(all, ofTensorsNamed: $0) } ?? all
            try TextOutput.write([chosen.report(format, width: TextOutput.width())])
        }
    }

    /// A task's adapter in a run.
    private struct Adapter {
        let name: String
        let run: String
        let method: String
        let change: AdapterChange

        /// The tensors' owners, distinct between runs.
        var owners: [String] { change.tensors.map { "\(run)/\($0.owner)" } }
    }

    private func adapters(of run: String, named name: String?) throws -> [Adapter] {
        let study = try StudyFile.study(ofFinished: run, backbone: backbone)
        let weights = try EncoderWeights(directory: study.backbone.folder)
        let model = try AdaptedModel(weights, study.adapter.method, study.head, study.arithmetic)
        let trained = try TrainedRun(study, model, directory: run)
        return try trained.tasks.map { task in
            let change = try trained.change(of: task)
            let method = type(of: study.adapter.method).name
            if change.tensors.isEmpty {
                throw Failure.usage("the run trained heads only; there are no adapters to compare", at: run)
            }
            return Adapter(
                name: name.map { "\(task.name)@\($0)" } ?? task.name, run: run, method: method,
                change: change)
        }
    }

    private func requireSameTensors(_ other: Adapter, _ first: Adapter) throws {
        func shapes(_ adapter: Adapter) -> [String] {
            adapter.change.tensors.map { "\($0.layer.map(String.init) ?? "") \($0.name) \($0.shape)" }
        }
        guard other.method == first.method, shapes(other) == shapes(first) else {
            let difference =
                other.method == first.method
                ? "other tensors" : "another method (\(other.method), not \(first.method))"
            throw Failure.usage(
                "has \(difference) than \(first.run)", at: other.run,
                remedy: "compare runs of one method, in the same layers of backbones of one shape")
        }
    }
}
