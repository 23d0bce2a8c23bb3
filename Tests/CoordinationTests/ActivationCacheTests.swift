import Collectives
import Coordination
import Encoders
import Formats
import Foundation
import Runs
import Synchronization
import TestSupport
import Testing

/// The activation cache changes no bit of a result and never exceeds its limit.
@Suite("The activation cache")
struct ActivationCacheTests {
    /// A method, and the highest cut point below its sites in the tiny BERT's three layers.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let section: JSONValue
        let layer: Int
        var position = CutPoint.Position.input
        var testDescription: String { name }
        /// Whether more than the embeddings can be cached.
        var caches: Bool { layer > 0 || position != .input }
    }

    static let adapters = [
        Case(name: "hadamard", section: ["method": "hadamard", "layers": "1"], layer: 1, position: .heads),
        Case(name: "lora", section: ["method": "lora", "layers": "1"], layer: 1),
        Case(
            name: "tiny attention", section: ["method": "tiny-attention", "layers": "1"], layer: 1,
            position: .feedForwardInput),
        Case(name: "prefix", section: ["method": "prefix", "layers": "1"], layer: 1),
        Case(
            name: "adapter bias", section: ["method": "adapter-bias", "layers": "1", "embeddingNorm": false],
            layer: 1, position: .feedForwardInput),
        Case(
            name: "stack",
            section: [
                ["method": "lora", "layers": "1"],
                ["method": "adapter-bias", "layers": "1", "embeddingNorm": false],
            ], layer: 1),
        Case(name: "head alone", section: ["method": "head"], layer: 3),
        Case(name: "hadamard in all layers", section: ["method": "hadamard"], layer: 0, position: .heads),
        Case(
            name: "adapter bias in all layers", section: ["method": "adapter-bias", "embeddingNorm": false],
            layer: 0, position: .feedForwardInput),
        Case(name: "lora in all layers", section: ["method": "lora"], layer: 0),
        Case(name: "everything", section: ["method": "full"], layer: -1),
    ]

    private func changes(_ adapter: JSONValue, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        [
            "adapter": adapter, "dropout": ["hidden": 0, "attention": 0], "stages.adapter.steps": 30,
            "stages.head.steps": 3, "evaluation": ["every": 6],
        ].merging(more) { $1 }
    }

    private func report(_ outcome: TinyStudy.Outcome) -> ActivationCacheReport? {
        outcome.events.compactMap { if case .cache(let report) = $0 { report } else { nil } }.first
    }

    @Test(
        "In memory, on disk, partly cached and off: the same bits on any number of ranks",
        arguments: adapters, ["float32", "bfloat16"])
    func sameBits(_ adapter: Case, _ arithmetic: String) throws {
        func changes(_ adapter: JSONValue, _ more: [String: JSONValue]) -> [String: JSONValue] {
            self.changes(adapter, more.merging(["arithmetic": .string(arithmetic)]) { $1 })
        }
        let disk = try TemporaryFolder()
        let without = try TemporaryFolder()
        let none = try TinyStudy(changes(adapter.section, ["cache": ["megabytes": 0]])).train(into: without)
        #expect(report(none)?.given == 0 && report(none)?.layer == adapter.layer)
        #expect(report(none)?.point.rawValue == adapter.position.rawValue)
        let expected = try TrainedFiles(without)
        for cache: JSONValue in [[:], ["directory": .string(disk.path)], ["megabytes": 0.01]] {
            for ranks in [1, 3] {
                let folder = try TemporaryFolder()
                let outcome = try TinyStudy(changes(adapter.section, ["cache": cache])).train(
                    ranks: ranks, into: folder)
                let found = try #require(report(outcome))
                #expect(found.layer == adapter.layer && found.uses > 1)
                #expect((found.given > 0) == adapter.caches)
                #expect((found.given < found.needed) == (cache["megabytes"] != nil && adapter.caches))
                #expect((found.saves > 0) == adapter.caches && found.refusal == nil)
                #expect(
                    try TrainedFiles(folder).difference(from: expected) == nil, "\(cache), \(ranks) ranks")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [], "nothing is left")
    }

    @Test("A stop, and another limit after it, change no bit of the result")
    func resumed() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        let whole = try TemporaryFolder()
        _ = try TinyStudy(changes(section)).train(into: whole)
        let folder = try TemporaryFolder()
        let first = try TinyStudy(changes(section)).train(ranks: 2, into: folder, stopAfter: 17)
        #expect(first.ending == .stopped)
        _ = try TinyStudy(changes(section, ["cache": ["megabytes": 0]])).train(
            ranks: 3, into: folder, resuming: true)
        #expect(try TrainedFiles(folder).difference(from: TrainedFiles(whole)) == nil)
    }

    @Test("A folder that can't be used is refused in one line, and everything is computed")
    func refused() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try TinyStudy(changes(section)).train(into: whole)
        let nowhere: JSONValue = ["directory": .string("\(folder.path)/nowhere")]
        let outcome = try TinyStudy(changes(section, ["cache": nowhere])).train(ranks: 2, into: folder)
        let found = try #require(report(outcome))
        #expect(found.given == 0 && found.saves == 0)
        #expect(found.refusal?.contains("nowhere: No such file or directory") == true)
        #expect(try TrainedFiles(folder).difference(from: TrainedFiles(whole)) == nil)
    }

    @Test(
        "Tasks whose examples have the same tokens share the cache; one different word separates them"
    )
    func tasksOfOneText() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        let data = try TinyData()
        let twin: JSONValue = [
            "name": "twin", "train": "twin.train.tsv", "dev": "twin.dev.tsv", "labels": ["cold", "warm"],
        ]
        func text(_ split: String) throws -> String {
            try String(contentsOfFile: "\(data.path)/colour.\(split).tsv", encoding: .utf8)
        }
        func write(_ text: String, _ split: String) throws {
            try text.write(toFile: "\(data.path)/twin.\(split).tsv", atomically: true, encoding: .utf8)
        }
        func train(_ more: [String: JSONValue], ranks: Int = 1, into folder: TemporaryFolder) throws -> (
            cache: ActivationCacheReport, chunks: Int
        ) {
            let outcome = try TinyStudy(changes(section, more), data: data).train(ranks: ranks, into: folder)
            let chunks = outcome.events.compactMap { event in
                if case .pooled(_, let total) = event { total } else { nil }
            }
            return (try #require(report(outcome)), try #require(chunks.first))
        }
        let alone = try train(["stages.head.steps": 20], into: TemporaryFolder())
        for split in ["train", "dev"] { try write(text(split), split) }

        let both: [String: JSONValue] = ["tasks.3": twin, "stages.head.steps": 20]
        let off = try TemporaryFolder()
        _ = try train(both.merging(["cache": ["megabytes": 0]]) { $1 }, into: off)
        for ranks in [1, 3] {
            let folder = try TemporaryFolder()
            let together = try train(both, ranks: ranks, into: folder)
            #expect(together.cache.needed == alone.cache.needed)
            #expect(abs(together.cache.uses - alone.cache.uses) < 1e-9, "steps are as many, and so are texts")
            #expect(together.chunks == alone.chunks)
            #expect(try TrainedFiles(folder).difference(from: TrainedFiles(off)) == nil, "\(ranks) ranks")
        }

        // As many examples, of as many tokens.
        let lines = try text("train")
        let word = try #require(lines.range(of: "cat"))
        try write(lines.replacingCharacters(in: word, with: "dog"), "train")
        let apart = try train(both, into: TemporaryFolder())
        #expect(apart.cache.needed > alone.cache.needed && apart.chunks == alone.chunks + 3)
    }

    @Test(
        "The head stage caches activations for an adapter stage of a single epoch"
    )
    func afterTheHeadStage() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        let once: [String: JSONValue] = [
            "stages.head.steps": 9, "stages.adapter.steps": 3, "evaluation": ["every": 0],
        ]
        let (off, folder) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try TinyStudy(changes(section, once.merging(["cache": ["megabytes": 0]]) { $1 })).train(into: off)
        let found = try #require(report(try TinyStudy(changes(section, once)).train(ranks: 2, into: folder)))
        #expect(found.uses < 1 && found.given == found.needed && found.given > 0 && found.saves > 0)
        #expect(try TrainedFiles(folder).difference(from: TrainedFiles(off)) == nil)
    }

    @Test("Nothing is cached with encoder dropout, or if no example is used twice")
    func nothingToCache() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        for more: [String: JSONValue] in [
            ["dropout": ["hidden": 0.1, "attention": 0]], ["dropout": ["hidden": 0, "attention": 0.1]],
            ["stages.head.steps": 0, "stages.adapter.steps": 1, "evaluation": ["every": 0]],
        ] {
            let outcome = try TinyStudy(changes(section, more)).train(ranks: 2, into: TemporaryFolder())
            #expect(report(outcome)?.given == 0 && report(outcome)?.needed == 0)
        }
    }

    @Test(
        "A mistake in the section is named", arguments: [("megabytes", -1 as JSONValue), ("directory", "")])
    func mistakes(_ key: String, _ value: JSONValue) {
        #expect { try TinyStudy.decode(["cache": .object([(key, value)])]) } throws: {
            "\($0)".contains("cache.\(key)")
        }
    }

    @Test("Ranks that share memory exchange no vectors; separate nodes do, with the same bits")
    func nodes() throws {
        let section: JSONValue = ["method": "hadamard", "layers": "1"]
        let alone = try TemporaryFolder()
        _ = try TinyStudy(changes(section)).train(into: alone)
        for ranksPerNode in [3, 2, 1] {
            let (folder, vectors) = (try TemporaryFolder(), Broadcasts())
            _ = try TinyStudy(changes(section)).train(ranks: 3, into: folder) {
                NodeCommunicator($0, ranksPerNode, vectors)
            }
            #expect(try TrainedFiles(folder).difference(from: TrainedFiles(alone)) == nil)
            #expect((vectors.floats.withLock { $0 } > 0) == (ranksPerNode < 3))
        }
    }
}

/// The number of floats that all ranks received.
private final class Broadcasts: Sendable {
    let floats = Mutex(0)
}

/// A rank's communicator, with nodes of a given number of ranks.
private final class NodeCommunicator: ForwardingCommunicator, @unchecked Sendable {
    private let ranksPerNode: Int
    private let broadcasts: Broadcasts

    init(_ inner: any Communicator, _ ranksPerNode: Int, _ broadcasts: Broadcasts) {
        self.ranksPerNode = ranksPerNode
        self.broadcasts = broadcasts
        super.init(inner)
    }

    override func broadcast<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws {
        if T.self == Float.self { broadcasts.floats.withLock { $0 += data.count } }
        try super.broadcast(data, from: root)
    }

    override func nodeCommunicator() throws -> any Communicator {
        try split(color: Int32(rank / ranksPerNode)) ?? super.nodeCommunicator()
    }
}
