import Coordination
import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

/// What a run leaves for later ones changes no bit of them, and is used only where it is the same.
@Suite("Frozen features left for later runs")
struct FeatureFolderTests {
    private func changes(_ folder: String?, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        ["cache": folder.map { ["features": .string($0)] } ?? [:]].merging(more) { $1 }
    }

    /// What a run came to: its files, how many examples it found features of, whether it computed any, and its warnings.
    private func run(_ changes: [String: JSONValue], ranks: Int = 1, data: TinyData? = nil) throws -> (
        files: TrainedFiles, found: Int, computed: Bool, warnings: [Failure]
    ) {
        let folder = try TemporaryFolder()
        let events = try TinyStudy(changes, data: data).train(ranks: ranks, into: folder).events
        return (
            try TrainedFiles(folder),
            events.compactMap { if case .featuresFound(let examples) = $0 { examples } else { nil } }.reduce(
                0, +),
            events.contains { if case .features = $0 { true } else { false } },
            events.compactMap { if case .warned(let failure) = $0 { failure } else { nil } }
        )
    }

    @Test("A later run finds them on any number of ranks, and its bits are the same")
    func found() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let alone = try run(changes(nil), data: data)
        #expect(alone.found == 0 && alone.computed)
        let first = try run(changes(folder.file("features")), ranks: 2, data: data)
        #expect(first.found == 0 && first.computed && first.warnings.isEmpty)
        #expect(first.files.difference(from: alone.files) == nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("features"))
        #expect(names.count == 6 && names.allSatisfy { $0.hasSuffix(".safetensors") }, "\(names)")
        for ranks in [1, 3] {
            let later = try run(changes(folder.file("features")), ranks: ranks, data: data)
            #expect(later.found > 0 && !later.computed && later.warnings.isEmpty)
            #expect(later.files.difference(from: alone.files) == nil)
        }
        // Another method, seed and rate stand on the same encoder; more steps need more examples, which are added.
        let other: [String: JSONValue] = [
            "seed": 9, "adapter": ["method": "lora"], "stages.head.steps": 9,
        ]
        let more = try run(changes(folder.file("features"), other), data: data)
        #expect(more.found > 0)
        #expect(more.files.difference(from: try run(changes(nil, other), data: data).files) == nil)
    }

    @Test("What they depend on is in their name: another pooling, or other data, finds none")
    func others() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        _ = try run(changes(folder.path), data: data)
        let pooled = try run(changes(folder.path, ["head": ["pooling": "cls"]]), data: data)
        #expect(pooled.found == 0 && pooled.computed && pooled.warnings.isEmpty)
        let same = try run(changes(folder.path), data: data).found
        let file = URL(fileURLWithPath: "\(data.path)/colour.train.tsv")
        try (Data(contentsOf: file) + Data("a red one\twarm\n".utf8)).write(to: file)
        let changed = try run(changes(folder.path), data: data)
        #expect(changed.found > 0 && changed.found < same && changed.computed && changed.warnings.isEmpty)
        #expect(changed.files.difference(from: try run(changes(nil), data: data).files) == nil)
    }

    enum Damage: CaseIterable { case bytes, bits, header, length }

    @Test("A file that is damaged, or has other bits, is named and not used", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        let whole = try run(changes(folder.path), data: data)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try spoil(folder.file(name), damage)
        }
        let later = try run(changes(folder.path), ranks: 2, data: data)
        #expect(later.found == 0 && later.computed)
        #expect(
            later.warnings.count == 6
                && later.warnings.allSatisfy { $0.place?.hasPrefix(folder.path) == true })
        #expect(later.files.difference(from: whole.files) == nil)
    }

    private func spoil(_ path: String, _ damage: Damage) throws {
        let file = try SafetensorsFile(path: path)
        var values = try file.floats("pooled")
        let known = try file.int64s("known")
        let shape = try file.entry("pooled").shape
        var metadata = file.metadata
        switch damage {
        case .length:
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.dropLast(3).write(to: URL(fileURLWithPath: path))
            return
        case .bytes: values[0] += 1
        case .header: metadata["identity"] = "{}"
        case .bits:
            // As another machine's kernels might have left it: whole, and one rounding away.
            let first = (known.firstIndex(of: 1) ?? 0) * 8 * shape[1]
            values[first] = values[first].nextUp
            var checksum = CRC32C()
            values.withUnsafeBytes { checksum.update($0) }
            known.withUnsafeBytes { checksum.update($0) }
            metadata["crc32c"] = String(checksum.value, radix: 16)
        }
        try Safetensors.write(
            [
                NamedTensor(name: "pooled", shape: shape, values: .float(values)),
                NamedTensor(name: "known", shape: [known.count], values: .int64(known)),
            ], metadata: metadata, to: path)
    }

    @Test("A folder that can't be written is said once a stage, and the run goes on")
    func refused() throws {
        let (folder, data) = (try TemporaryFolder(), try TinyData())
        try folder.write(Data(), to: "file")
        let whole = try run(changes(nil), data: data)
        let refused = try run(changes("\(folder.file("file"))/features"), ranks: 2, data: data)
        #expect(refused.warnings.count == 1 && refused.files.difference(from: whole.files) == nil)
    }
}
