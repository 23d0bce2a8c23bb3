import Adapters
import Coordination
import Diagnostics
import Encoders
import Studies
import Tasks
import Training

/// The change of a task's adapter in a finished run, to be compared with others.
struct ChangedAdapter {
    let task: String
    /// The run's directory.
    let run: String
    let change: AdapterChange
    private let method: String

    /// The tensors' owners, distinct between runs.
    var owners: [String] { change.tensors.map { "\(run)/\($0.owner)" } }

    /// The adapters of runs, which must have tensors of the same names and shapes.
    static func all(of runs: [(directory: String, study: Study)]) throws -> [ChangedAdapter] {
        let adapters = try runs.flatMap { run, study in
            let weights = try EncoderWeights(directory: study.backbone.folder, for: study.arithmetic)
            let model = try AdaptedModel(weights, study.adapter.method, study.head, study.arithmetic)
            let trained = try TrainedRun(study, model, directory: run)
            try trained.requireKnownStart(
                remedy: "compare runs that hadamesh trained, or adapters that begin at fixed values")
            return try trained.tasks.map { task in
                let change = try trained.change(of: task)
                if change.tensors.isEmpty {
                    throw Failure.usage(
                        "the run trained heads only; there are no adapters to compare", at: run)
                }
                return ChangedAdapter(
                    task: task.name, run: run, change: change, method: type(of: study.adapter.method).name)
            }
        }
        for adapter in adapters { try adapter.requireTensors(of: adapters[0]) }
        return adapters
    }

    /// Refuses tasks of two runs that no run has both of, if their adapters began at different values.
    static func requireStarts(of adapters: [ChangedAdapter]) throws {
        let tasks = Dictionary(grouping: adapters, by: \.run).mapValues { Set($0.map(\.task)) }
        for (index, other) in adapters.enumerated() {
            for first in adapters[..<index] where first.run != other.run {
                let pair: Set = [first.task, other.task]
                if pair.count < 2 || tasks.values.contains(where: pair.isSubset)
                    || other.change.begins(like: first.change)
                {
                    continue
                }
                throw Failure.usage(
                    "its adapters begin at other values than those of \(first.run)", at: other.run,
                    remedy: "compare runs of one seed, whose adapters have a common start")
            }
        }
    }

    private var shapes: [String] {
        change.tensors.map { "\($0.layer.map(String.init) ?? "") \($0.name) \($0.shape)" }
    }

    private func requireTensors(of first: ChangedAdapter) throws {
        guard method == first.method, shapes == first.shapes else {
            throw Failure.usage(
                method == first.method
                    ? "has other tensors than \(first.run)"
                    : "used \(method), but \(first.run) used \(first.method)", at: run,
                remedy: "compare runs of one method, in the same layers of backbones of one shape")
        }
    }
}
