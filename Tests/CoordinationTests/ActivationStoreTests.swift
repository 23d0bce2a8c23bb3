import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import TestSupport
import Testing

/// Stored activations change no bit of later runs, and are read only if they would be computed equally.
@Suite("Activations stored for later runs")
struct ActivationStoreTests {
    private func changes(_ folder: String?, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        ["cache": folder.map { ["features": .string($0)] } ?? [:]].merging(more) { $1 }
    }

    /// An adapter above a layer whose output is cached for examples that are used twice.
    private static let upper: [String: JSONValue] = [
        "adapter": ["method": "hadamard", "layers": "1"], "dropout": ["hidden": 0, "attention": 0],
        "stages.adapter.steps": 15,
    ]

    /// A run's files, the numbers of pooled vectors and of activations below the adapter that it found,
    /// whether it computed any pooled vectors, and its warnings about files.
    private func run(_ changes: [String: JSONValue], ranks: Int = 1, data: TinyData? = nil) throws -> (
        files: TrainedFiles, pooled: Int, found: Int, computed: Bool, warnings: [Failure]
    ) {
        let folder = try TemporaryFolder()
        let events = try TinyStudy(changes, data: data).train(ranks: ranks, into: folder).events
        return (
            try TrainedFiles(folder),
            events.reduce(0) { if case .cache(let report) = $1 { $0 + report.foundPooled } else { $0 } },
            events.reduce(0) { if case .cache(let report) = $1 { $0 + report.found } else { $0 } },
            events.contains { if case .pooled = $0 { true } else { false } },
            events.compactMap { event in
                if case .warned(let failure) = event, failure.location != "evaluation.keep" {
                    failure
                } else {
                    nil
                }
            }
        )
    }

    @Test("A later run finds pooled vectors on any number of ranks, and its bits are the same")
    func found() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let alone = try run(changes(nil), data: data)
        #expect(alone.pooled == 0 && alone.computed)
        let first = try run(changes(folder.file("features")), ranks: 2, data: data)
        #expect(first.pooled == 0 && first.computed && first.warnings.isEmpty)
        #expect(first.files.difference(from: alone.files) == nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("features"))
        #expect(names.count == 6 && names.allSatisfy { $0.hasSuffix(".safetensors") }, "\(names)")
        for ranks in [1, 3] {
            let later = try run(changes(folder.file("features")), ranks: ranks, data: data)
            #expect(later.pooled > 0 && !later.computed && later.warnings.isEmpty)
            #expect(later.files.difference(from: alone.files) == nil)
        }
        // Another method, seed and rate have the same activations; more steps add the examples they need.
        let other: [String: JSONValue] = [
            "seed": 9, "adapter": ["method": "lora"], "stages.head.steps": 9,
        ]
        let more = try run(changes(folder.file("features"), other), data: data)
        #expect(more.pooled > 0)
        #expect(more.files.difference(from: try run(changes(nil, other), data: data).files) == nil)
    }

    @Test(
        "A later run finds activations below the adapters: under another seed, with less room, after a stop")
    func foundBelowAdapters() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let leave = changes(folder.path, Self.upper)
        let alone = try run(changes(nil, Self.upper), data: data)
        let first = try run(leave, ranks: 2, data: data)
        #expect(first.found == 0 && first.warnings.isEmpty)
        #expect(first.files.difference(from: alone.files) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 12)
        // All 83 examples are used, on any number of ranks.
        for ranks in [1, 3] {
            let later = try run(leave, ranks: ranks, data: data)
            #expect(later.found == 83 && !later.computed && later.warnings.isEmpty)
            #expect(later.files.difference(from: alone.files) == nil)
        }
        let other = Self.upper.merging(["seed": 9, "stages.adapter.learningRate": 0.01]) { $1 }
        let small: JSONValue = ["features": .string(folder.path), "megabytes": 0.01]
        let less = try run(other.merging(["cache": small]) { $1 }, ranks: 2, data: data)
        #expect((1..<83).contains(less.found) && less.warnings.isEmpty)
        #expect(less.files.difference(from: try run(changes(nil, other), data: data).files) == nil)
        // A run with a lower limit leaves the file unchanged.
        #expect(try run(leave, data: data).found == 83)
        // After attention there is another cut point than at the layer's input.
        let lora = Self.upper.merging(["adapter": ["method": "lora", "layers": "1"]]) { $1 }
        #expect(try run(changes(folder.path, lora), data: data).found == 0)

        let stopped = try TemporaryFolder()
        _ = try TinyStudy(leave, data: data).train(ranks: 2, into: stopped, stopAfter: 11)
        let events = try TinyStudy(leave, data: data).train(into: stopped, resuming: true).events
        #expect(events.contains { if case .cache(let report) = $0 { report.found == 83 } else { false } })
        #expect(try TrainedFiles(stopped).difference(from: alone.files) == nil)
    }

    @Test("Activations that a run uses once are stored for later runs")
    func usedOnce() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let once = Self.upper.merging(["stages.head.steps": 0, "stages.adapter.steps": 3]) { $1 }
        let alone = try run(changes(nil, once), data: data)
        #expect(try run(changes(folder.path, once), ranks: 2, data: data).found == 0)
        let later = try run(changes(folder.path, once), ranks: 3, data: data)
        #expect(later.found > 40 && later.files.difference(from: alone.files) == nil)
    }

    @Test("Activations below the first whole layer are not stored")
    func notWorthReading() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let lowest = Self.upper.merging(["adapter": ["method": "hadamard"]]) { $1 }
        for _ in 0..<2 { #expect(try run(changes(folder.path, lowest), data: data).found == 0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 6)
    }

    @Test("A file's name depends on its contents: another pooling, or other data, finds none")
    func others() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        _ = try run(changes(folder.path), data: data)
        let pooled = try run(changes(folder.path, ["head": ["pooling": "cls"]]), data: data)
        #expect(pooled.pooled == 0 && pooled.computed && pooled.warnings.isEmpty)
        let same = try run(changes(folder.path), data: data).pooled
        let file = URL(fileURLWithPath: "\(data.path)/colour.train.tsv")
        try (Data(contentsOf: file) + Data("a red one\twarm\n".utf8)).write(to: file)
        let changed = try run(changes(folder.path), data: data)
        #expect(changed.pooled > 0 && changed.pooled < same && changed.computed && changed.warnings.isEmpty)
        #expect(changed.files.difference(from: try run(changes(nil), data: data).files) == nil)
    }

    enum Damage: CaseIterable { case bytes, bits, header, length }

    @Test("A damaged file, or one with other bits, is named and not used", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let whole = try run(changes(folder.path, Self.upper), data: data)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try spoil(folder.file(name), damage)
        }
        let later = try run(changes(folder.path, Self.upper), ranks: 2, data: data)
        #expect(later.pooled == 0 && later.found == 0 && later.computed)
        #expect(
            later.warnings.count == 12
                && later.warnings.allSatisfy { $0.location?.hasPrefix(folder.path) == true })
        #expect(later.files.difference(from: whole.files) == nil)
    }

    private func spoil(_ path: String, _ damage: Damage) throws {
        let file = try SafetensorsFile(path: path)
        var values = try file.floats("values")
        let known = try file.int64s("known")
        let shape = try file.entry("values").shape
        var metadata = file.metadata
        switch damage {
        case .length:
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.dropLast(3).write(to: URL(fileURLWithPath: path))
            return
        case .bytes: values[0] += 1
        case .header: metadata["identity"] = "{}"
        case .bits:
            // A whole file with one value rounded differently, as from another machine's kernels.
            values[0] = values[0].nextUp
            var checksum = CRC32C()
            values.withUnsafeBytes { checksum.update($0) }
            known.withUnsafeBytes { checksum.update($0) }
            metadata["crc32c"] = String(checksum.value, radix: 16)
        }
        try Safetensors.write(
            [
                NamedTensor(name: "values", shape: shape, values: .float(values)),
                NamedTensor(name: "known", shape: [known.count], values: .int64(known)),
            ], metadata: metadata, to: path)
    }

    @Test("A folder that cannot be written is one warning per stage, and the run continues")
    func refused() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        try folder.write(Data(), to: "file")
        let whole = try run(changes(nil), data: data)
        let refused = try run(changes("\(folder.file("file"))/features"), ranks: 2, data: data)
        #expect(refused.warnings.count == 1 && refused.files.difference(from: whole.files) == nil)
    }
}
