import Diagnostics
import Formats
import Foundation
import Journal
import Studies
import TestSupport
import Testing

@Suite("Comparison of runs")
struct ComparisonTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Makes a run directory with these results, if any.
    private func run(_ name: String, _ results: JSONValue?) throws -> String {
        let directory = try RunDirectory.create(at: folder.file(name))
        try Data("{}".utf8).write(to: URL(filePath: directory.manifestFile))
        if let results {
            try Data(results.encodedForReading().utf8).write(to: URL(filePath: directory.resultsFile))
        }
        return directory.path
    }

    private func results(
        _ tasks: [(String, JSONValue)], adapters: Int, all: Int, seconds: Double
    ) -> JSONValue {
        [
            "steps": 40,
            "stages": [
                ["stage": "head", "tasks": ["rte": ["score": 0.1]]],
                ["stage": "adapter", "tasks": .object(tasks.map { ($0.0, ["score": $0.1]) })],
            ],
            "parameters": [
                "adapterPerTask": .integer(adapters), "shareOfBackbone": .number(Double(adapters) / 1e7),
                "adapterAllTasks": .integer(all), "headsAllTasks": 1538,
            ], "bytesPerStep": 36_912, "seconds": .number(seconds),
        ]
    }

    @Test("Each run is a column, and each task and fact a row, aligned")
    func table() throws {
        let shared = try run(
            "shared", results([("rte", 0.75), ("mrpc", 0.5)], adapters: 36_864, all: 36_864, seconds: 12.34))
        let apart = try run(
            "a-longer-name",
            results([("rte", 0.8), ("cola", nil)], adapters: 9216, all: 18_432, seconds: 100))
        #expect(
            try Comparison([shared, apart]).table() == """
                                       shared  a-longer-name
                rte                    0.7500         0.8000
                mrpc                   0.5000              –
                cola                        –              –
                mean                   0.6250         0.8000
                parameters per task     36864           9216
                % of the backbone       0.369          0.092
                parameters, all tasks   36864          18432
                heads, all tasks         1538           1538
                bytes per step          36912          36912
                steps                      40             40
                seconds                  12.3          100.0
                """)
    }

    @Test("A run without results is named, with what to do")
    func unfinished() throws {
        let path = try run("unfinished", nil)
        let failure = #expect(throws: Failure.self) { _ = try Comparison([path]) }
        #expect(failure?.kind == .usage && failure?.place == path)
        #expect(failure?.description.contains("has no results yet") == true)
    }

    @Test("What is no run directory is named")
    func noRun() throws {
        let path = folder.file("nowhere")
        let failure = #expect(throws: Failure.self) { _ = try Comparison([path]) }
        #expect(failure?.place?.hasPrefix(path) == true)
    }

    @Test("Results that are no JSON are named with their file")
    func damaged() throws {
        let path = try run("damaged", [:])
        try Data("{\"steps\": 4".utf8).write(to: URL(filePath: "\(path)/results.json"))
        let failure = #expect(throws: Failure.self) { _ = try Comparison([path]) }
        #expect(failure?.kind == .data && failure?.place?.contains("results.json") == true)
    }

    @Test("Results without a fact show a dash in its place")
    func missingFacts() throws {
        let table = try Comparison([run("bare", ["stages": []])]).table().split(separator: "\n")
        #expect(table.count == 9 && table.dropFirst().allSatisfy { $0.hasSuffix("–") })
    }
}
