import Formats
import Foundation
import Runs
import TestSupport

/// Run directories in a temporary folder.
struct RunFolder {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A path in the folder.
    func path(_ name: String) -> String { folder.file(name) }

    /// Creates a run directory with results, if given, and a manifest with study and seed.
    func run(
        _ name: String, _ results: RunResults?, study: String? = nil, seed: Int = 1,
        adapter: JSONValue = .null
    ) throws -> String {
        let directory = try RunDirectory.create(at: folder.file(name))
        let identity: JSONValue? = study.map {
            ["study": ["name": .string($0), "seed": .integer(seed), "adapter": adapter], "backbone": 7]
        }
        try Manifest(identity: identity).write(to: directory)
        try results?.write(to: directory)
        return directory.path
    }

    /// Results of two stages; `scores` are those of the last.
    func results(
        _ scores: [(String, Double?)], adapters: Int = 9216,
        operations: ParameterCounts.Operations? = nil, kept: Int? = nil,
        metrics: KeyValuePairs<String, Double>? = nil, way: SharedGradients? = nil,
        agreement: TaskAgreement? = nil
    ) -> RunResults {
        func stage(_ name: StageName, _ scores: [(String, Double?)]) -> StageResult {
            StageResult(
                stage: name, steps: 20,
                tasks: NamedValues(
                    scores.map { task, score in
                        (
                            task,
                            score.map { score in
                                let values = metrics.map(Array.init) ?? [("accuracy", score)]
                                return KeptScore(
                                    score: score, step: 20,
                                    splits: NamedValues([("dev", NamedValues(values.map { ($0, $1) }))]),
                                    best: nil)
                            }
                        )
                    }), drawn: NamedValues([]), agreement: agreement)
        }
        var results = RunResults(
            steps: 40, stages: [stage(.head, [("rte", 0.1)]), stage(.adapter, scores)],
            parameters: ParameterCounts(
                method: "hadamard", backbone: 10_000_000, adapterPerTask: adapters,
                adapterAllTasks: 2 * adapters, headsAllTasks: 1538, operationsPerToken: operations,
                keptPerTask: kept), sharedGradients: way)
        results.bytesPerStep = 36_912
        results.seconds = 12.34
        return results
    }

    func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
