import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing
import Training

/// A file system of 64 kB, which only the superuser can make.
private final class TinyFileSystem {
    let path: String
    // Stored, so that it outlives the mount inside it.
    private let folder: TemporaryFolder

    init?() {
        guard getuid() == 0, let folder = try? TemporaryFolder() else { return nil }
        self.folder = folder
        path = folder.file("tiny")
        mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return nil }
    }

    deinit { umount(path) }
}

@Suite("Checkpoints")
struct CheckpointTests {
    static let canMount = TinyFileSystem() != nil
    let folder = try? TemporaryFolder()
    var directory: String { folder?.file("checkpoints") ?? "" }

    static func checkpoint(_ step: Int, numbers: Int = 5) throws -> Checkpoint {
        var values = (0..<numbers).map { Float($0) * 0.1 - Float(step) }
        values.replaceSubrange(
            0..<5, with: [-0.0, .leastNonzeroMagnitude, .infinity, Float(bitPattern: 0x7fc0_1234), 1.1])
        let facts: JSONValue = [
            "identity": ["seed": 42], "latest": [0.1, nil], "text": "größe \"q\"\n",
        ]
        return try Checkpoint(
            step: step,
            tensors: [
                NamedTensor(name: "parameters", shape: [values.count], values: .float(values)),
                NamedTensor(name: "stepCounts", shape: [3], values: .int64([0, .max, -1])),
            ], facts: facts)
    }

    private func damage(_ step: Int, _ file: String, _ change: (inout Data) -> Void) throws {
        let path = "\(directory)/step-\(step)/\(file)"
        var data = try Data(contentsOf: URL(filePath: path))
        change(&data)
        try data.write(to: URL(filePath: path))
    }

    @Test("Writing and reading keeps every bit")
    func roundTrip() throws {
        let saved = try Self.checkpoint(7)
        try saved.write(into: directory, keep: 2)
        let found = try Checkpoint.read("\(directory)/step-7")
        #expect(try found.step == 7 && found.facts(as: JSONValue.self) == saved.facts())
        let floats = try found.floats("parameters", count: 5)
        #expect(differingBits(floats, try saved.floats("parameters", count: 5)) == nil)
        #expect(try found.int64s("stepCounts", count: 3) == [0, .max, -1])
        #expect(try found.encoded() == saved.encoded() && found.notes(as: JSONValue.self) == nil)
    }

    @Test("Notes change no byte of the state")
    func notes() throws {
        var saved = try Self.checkpoint(7)
        try saved.set(notes: ["seconds": 1.5])
        try saved.write(into: directory, keep: 2)
        let found = try Checkpoint.read("\(directory)/step-7")
        #expect(try found.notes() == ["seconds": 1.5] && found.encoded() == Self.checkpoint(7).encoded())
    }

    @Test(
        "A tensor that is missing, of another length or another type is named",
        arguments: ["parameter", "stepCounts", "parameters"])
    func missingTensors(name: String) throws {
        let count = name == "parameters" ? 4 : 3
        let failure = #expect(throws: Failure.self) { _ = try Self.checkpoint(7).floats(name, count: count) }
        #expect(failure?.message == "the checkpoint of step 7 has no '\(name)' of \(count) numbers")
        #expect(throws: Failure.self) { _ = try Self.checkpoint(7).int64s("parameters", count: 5) }
    }

    @Test("Only the newest are kept", arguments: [1, 2, 3])
    func keep(_ count: Int) throws {
        for step in [2, 10, 9, 11].sorted() { try Self.checkpoint(step).write(into: directory, keep: count) }
        #expect(try Checkpoint.steps(in: directory) == Array([2, 9, 10, 11].suffix(count)))
        #expect(try Checkpoint.newest(in: directory).checkpoint?.step == 11)
    }

    @Test("A folder without checkpoints is no failure")
    func nothing() throws {
        let newest = try Checkpoint.newest(in: directory)
        #expect(newest.checkpoint == nil && newest.damaged.isEmpty)
    }

    enum Damage: String, CaseIterable {
        case truncated, flipped, lengthened, noSeal, noState, emptySeal, empty
    }

    @Test("A damaged checkpoint is named and the one before it is used", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        for step in [3, 6] { try Self.checkpoint(step).write(into: directory, keep: 2) }
        let newest = "\(directory)/step-6"
        let expected: String
        switch damage {
        case .truncated:
            try self.damage(6, "state.safetensors") { $0.removeLast() }
            expected = "it is damaged"
        case .flipped:
            try self.damage(6, "state.safetensors") { $0[$0.count - 3] ^= 0x10 }
            expected = "has checksum"
        case .lengthened:
            try self.damage(6, "state.safetensors") { $0.append(0) }
            expected = "it is damaged"
        case .noSeal:
            try FileManager.default.removeItem(atPath: "\(newest)/checkpoint.json")
            expected = "no readable checkpoint.json"
        case .noState:
            try FileManager.default.removeItem(atPath: "\(newest)/state.safetensors")
            expected = "no readable state.safetensors"
        case .emptySeal:
            try self.damage(6, "checkpoint.json") { $0 = Data("{}".utf8) }
            expected = "has no 'bytes' and 'crc32c'"
        case .empty:
            try self.damage(6, "checkpoint.json") { $0 = Data() }
            expected = "found nothing, expected JSON"
        }
        let found = try Checkpoint.newest(in: directory)
        #expect(found.checkpoint?.step == 3)
        try #require(found.damaged.count == 1)
        #expect(found.damaged[0].location?.hasPrefix(newest) == true)
        #expect(found.damaged[0].kind == .data)
        #expect(found.damaged[0].message.contains(expected), "\(found.damaged[0])")
    }

    @Test("Every single flipped byte is noticed")
    func everyByte() throws {
        try Self.checkpoint(1).write(into: directory, keep: 1)
        let path = "\(directory)/step-1/state.safetensors"
        let whole = try Data(contentsOf: URL(filePath: path))
        for index in whole.indices {
            var data = whole
            data[index] ^= 0x40
            try data.write(to: URL(filePath: path))
            #expect(throws: Failure.self) { _ = try Checkpoint.read("\(directory)/step-1") }
        }
    }

    @Test("A partial folder of a crash is no checkpoint, and the next write replaces it")
    func partial() throws {
        try Self.checkpoint(3).write(into: directory, keep: 2)
        let partial = "\(directory)/step-6.partial"
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(filePath: "\(partial)/state.safetensors"))
        let newest = try Checkpoint.newest(in: directory)
        #expect(newest.checkpoint?.step == 3 && newest.damaged.isEmpty)
        try Self.checkpoint(6).write(into: directory, keep: 2)
        #expect(try Checkpoint.newest(in: directory).checkpoint?.step == 6)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["step-3", "step-6"])
    }

    @Test("A damaged checkpoint is replaced by a new one of the same step")
    func replacing() throws {
        for step in [3, 6] { try Self.checkpoint(step).write(into: directory, keep: 2) }
        try damage(6, "state.safetensors") { $0[20] ^= 1 }
        try Self.checkpoint(6).write(into: directory, keep: 2)
        let newest = try Checkpoint.newest(in: directory)
        #expect(newest.checkpoint?.step == 6 && newest.damaged.isEmpty)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["step-3", "step-6"])
    }

    @Test("Damaged newer checkpoints never displace whole ones")
    func damagedNewer() throws {
        for step in [2, 6, 8] { try Self.checkpoint(step).write(into: directory, keep: 3) }
        for step in [6, 8] { try damage(step, "state.safetensors") { $0.removeLast() } }
        try Self.checkpoint(4).write(into: directory, keep: 2)
        let newest = try Checkpoint.newest(in: directory)
        #expect(newest.checkpoint?.step == 4 && newest.damaged.count == 2)
        #expect(try Checkpoint.steps(in: directory).contains(2))
    }

    @Test("A folder that cannot be created is a failure with its path")
    func unwritable() throws {
        let folder = try #require(folder)
        try folder.write("a file", to: "checkpoints")
        let failure = #expect(throws: Failure.self) { try Self.checkpoint(1).write(into: directory, keep: 1) }
        #expect(failure?.kind == .data && failure?.location?.hasPrefix(directory) == true)
        let long = folder.file(String(repeating: "n", count: 300))
        #expect(throws: Failure.self) { try Self.checkpoint(1).write(into: long, keep: 1) }
    }

    @Test(
        "A full disk leaves earlier checkpoints whole, and no partial one",
        .enabled(if: canMount, "a file system can only be mounted by the superuser"))
    func fullDisk() throws {
        let disk = try #require(TinyFileSystem())
        try Self.checkpoint(1).write(into: disk.path, keep: 1)
        let failure = #expect(throws: Failure.self) {
            try Self.checkpoint(2, numbers: 50_000).write(into: disk.path, keep: 1)
        }
        #expect(failure?.message.contains("No space left on device") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["step-1"])
        #expect(try Checkpoint.newest(in: disk.path).checkpoint?.encoded() == Self.checkpoint(1).encoded())
    }
}
