import Diagnostics
import Formats
import Foundation
import Runs

/// A finished run, read from its directory.
///
/// Fields absent from the files are nil.
struct FinishedRun: Sendable {
    let path: String
    /// The trained method, marked if products were in bfloat16 or if the run mixed kernels.
    let method: String?
    let seed: UInt64?
    /// The run's identity without the seed: study, backbone, data; nil if it has none.
    let study: StudyKeys?
    let results: RunResults
    /// Each task's score in the last stage, in the study's order.
    let scores: NamedValues<Double>
    /// A metric of a task on a split.
    struct MetricName: Hashable, Sendable {
        let task, split, metric: String
    }

    /// A metric whose mean with others is a score.
    struct Metric: Sendable {
        let name: MetricName
        let value: Double
    }

    /// In the order of tasks and splits.
    let metrics: [Metric]
    /// The `adapter` section.
    let adapter: RecordedSettings?
    /// The median over the steps of the last stage; nil without a history.
    let secondsPerStep: Double?
    /// The size of the largest adapter file, head included.
    let adapterBytes: Double?

    /// Reads a run; an unfinished one is refused.
    init(_ path: String) throws {
        let directory = try RunDirectory.open(at: path)
        try self.init(
            path, directory, RunResults.ofFinished(directory), Manifest.read(directory), RunHistory(directory)
        )
    }

    /// A run whose files were read.
    init(
        _ path: String, _ directory: RunDirectory, _ results: RunResults, _ manifest: Manifest?,
        _ history: RunHistory?
    ) throws {
        let last = results.stages.last
        (self.path, self.results) = (path, results)
        scores = results.scores
        metrics = (last?.tasks.entries ?? []).flatMap { task in
            (task.value?.splits.entries ?? []).flatMap { split in
                split.value.entries.map { metric in
                    Metric(
                        name: MetricName(task: task.name, split: split.name, metric: metric.name),
                        value: metric.value)
                }
            }
        }
        let identity: RecordedIdentity? = try manifest?.identity()
        seed = identity?.study?.seed
        study = try manifest?.identity().map { try StudyKeys($0, merged: manifest?.merged).withoutSeed }
        let marks = [
            identity?.study?.arithmetic == "bfloat16" ? " (bfloat16)" : nil,
            manifest?.merged.map { " (merged: \($0.rule))" },
            results.mixed == true ? " (mixed kernels)" : nil,
        ]
        method = results.parameters.map { $0.method + marks.compactMap { $0 }.joined() }
        adapter = identity?.study?.adapter
        secondsPerStep = history?.steps.filter { $0.stage == last?.stage }.map(\.seconds).median
        // After a head stage alone the file holds an adapter that nothing trained.
        adapterBytes = last?.stage == .head ? nil : Self.adapterBytes(directory)
    }

    var parameters: ParameterCounts? { results.parameters }

    /// The mean score of tasks; nil if one has none.
    func mean(of tasks: [String]) -> Double? { tasks.map(score).wholeMean }

    func score(_ task: String) -> Double? { scores[task] }

    func metric(_ name: MetricName) -> Double? { metrics.first { $0.name == name }?.value }

    private static func adapterBytes(_ directory: RunDirectory) -> Double? {
        let files = FileManager.default
        let tasks = (try? files.contentsOfDirectory(atPath: directory.adapters)) ?? []
        return tasks.compactMap { task in
            let path = "\(directory.adapters(task: task))/adapter_model.safetensors"
            return ((try? files.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.doubleValue
        }.max()
    }
}
