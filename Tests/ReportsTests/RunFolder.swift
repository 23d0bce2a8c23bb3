import Formats
import Foundation
import Runs
import TestSupport

/// Directories as runs leave them, in a temporary folder.
struct RunFolder {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A path in the folder.
    func path(_ name: String) -> String { folder.file(name) }

    /// Makes the directory of a run, with these results if any, and with a manifest that names its study and seed.
    func run(_ name: String, _ results: JSONValue?, study: String? = nil, seed: Int = 1) throws -> String {
        let directory = try RunDirectory.create(at: folder.file(name))
        var fields: [(String, JSONValue)] = [("version", "0.1.0")]
        if let study {
            fields.append(
                ("identity", ["study": ["name": .string(study), "seed": .integer(seed)], "backbone": 7]))
        }
        try Manifest(fields).write(to: directory)
        if let results { try write(results.encodedForReading(), to: directory.resultsFile) }
        return directory.path
    }

    /// Results of two stages, the last one with these scores.
    func results(
        _ scores: [(String, JSONValue)], adapters: Int = 9216, more: [(String, JSONValue)] = []
    ) -> JSONValue {
        let facts: [(String, JSONValue)] = [
            ("method", "hadamard"), ("adapterPerTask", .integer(adapters)),
            ("shareOfBackbone", .number(Double(adapters) / 1e7)), ("adapterAllTasks", .integer(2 * adapters)),
            ("headsAllTasks", 1538),
        ]
        return [
            "steps": 40,
            "stages": [
                ["stage": "head", "tasks": ["rte": ["score": 0.1]]],
                ["stage": "adapter", "tasks": .object(scores.map { ($0.0, ["score": $0.1]) })],
            ], "parameters": .object(facts + more), "bytesPerStep": 36_912, "seconds": 12.34,
        ]
    }

    func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
