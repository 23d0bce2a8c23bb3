import Diagnostics
import Formats
import Foundation
import Runs

/// What the directory of a finished run says of it.
///
/// Whatever an older run did not write down is nil.
struct FinishedRun: Sendable {
    /// The directory, as it was named.
    let path: String
    /// The method that was trained.
    let method: String?
    /// The seed.
    let seed: JSONValue?
    /// All that the result depends on but the seed: study, backbone, data.
    let study: JSONValue?
    /// Each task's score in the last stage, in the study's order.
    let scores: [(task: String, score: Double)]
    /// The facts of ``RunFact``, by key.
    let facts: [String: Double]

    /// Reads a run; one that has not finished is refused.
    init(_ path: String) throws {
        let directory = try RunDirectory.open(at: path)
        guard let results = try RunResults.read(directory) else {
            throw Failure.usage(
                "the run has no results yet", at: path, remedy: "finish it with train --resume")
        }
        let last = results.stages.last
        self.path = path
        scores = (last?.tasks.entries ?? []).compactMap { task in
            task.value.map { (task.name, $0.score) }
        }
        // Its bits are those of no single set of kernels.
        let mark = results.mixed == true ? " (mixed kernels)" : ""
        method = results.parameters.map { $0.method + mark }
        (study, seed) = try Self.identity(directory)
        var facts: [String: Double] = [:]
        for fact in RunFact.all { facts[fact.key] = fact.read(results) }
        facts[RunFact.secondsPerStep] = try Self.secondsPerStep(directory, last?.stage)
        facts[RunFact.adapterBytes] = Self.adapterBytes(directory)
        self.facts = facts
    }

    /// The mean of the tasks' scores.
    var mean: Double? { scores.isEmpty ? nil : average(scores.map(\.score)) }

    /// The score of a task.
    func score(_ task: String) -> Double? { scores.first { $0.task == task }?.score }

    /// What the manifest says that the result depends on, in a form that is equal for equal studies; the seed apart.
    private static func identity(_ directory: RunDirectory) throws -> (JSONValue?, JSONValue?) {
        guard let identity: JSONValue = try Manifest.read(directory)?.identity(),
            let members = identity.object, let study = identity["study"]?.object
        else { return (nil, nil) }
        let rest = JSONValue.object(study.filter { $0.0 != "seed" })
        return (
            .object(members.map { ($0.0, $0.0 == "study" ? rest : $0.1) }), identity["study"]?["seed"]
        )
    }

    /// The median over the steps of a stage.
    private static func secondsPerStep(_ directory: RunDirectory, _ stage: String?) throws -> Double? {
        guard let stage, FileManager.default.fileExists(atPath: directory.journalFile) else { return nil }
        let seconds = try Journal.read(directory).compactMap { event -> Double? in
            guard event["kind"]?.string == "step", event["stage"]?.string == stage else { return nil }
            return event["seconds"]?.double
        }.sorted()
        guard !seconds.isEmpty else { return nil }
        return (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
    }

    /// The size of the largest task's trained tensors on disk, head included.
    private static func adapterBytes(_ directory: RunDirectory) -> Double? {
        let files = FileManager.default
        let tasks = (try? files.contentsOfDirectory(atPath: directory.adapters)) ?? []
        return tasks.compactMap { task in
            let path = "\(directory.adapters(task: task))/adapter_model.safetensors"
            return ((try? files.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.doubleValue
        }.max()
    }
}

/// The mean of numbers, of which there is one at least.
func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
