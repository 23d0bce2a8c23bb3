import ArgumentParser
import Coordination
import Formats
import Reports

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

    @Option(help: "The format: text, markdown, latex, csv, or json (with all digits).")
    var format = "text"

    @Option(help: "The backbone's folder or name, if it has moved since the runs.")
    var backbone: String?

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let adapters = try ChangedAdapter.all(
                of: runs.map { ($0, try StudyFile.study(ofFinished: $0, backbone: backbone)) })
            guard let first = adapters.first else { return }
            let names =
                runs.count > 1
                ? Dictionary(zip(runs, runNames(runs.map { [$0] }))) { first, _ in first } : [:]
            let all = try AdapterSimilarity(
                adapters.map { adapter in
                    AdapterSimilarity.Member(
                        name: adapter.task + (names[adapter.run].map { "@\($0)" } ?? ""),
                        owners: adapter.owners)
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
}
