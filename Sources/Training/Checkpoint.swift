package import Diagnostics
package import Formats
package import Foundation

/// Everything that the next step depends on, as tensors and facts; the facts' type is the caller's.
///
/// On disk it is a folder `step-N` with `state.safetensors` and `checkpoint.json`; the latter has the length
/// and CRC-32C of the former, and the notes. The folder is written under another name, synced and renamed, so
/// one with this name is complete.
package struct Checkpoint: Sendable {
    /// The optimizer steps taken before it.
    package let step: Int
    package let tensors: [NamedTensor]
    private let facts: JSONValue
    private var notes: JSONValue?

    package init(step: Int, tensors: [NamedTensor], facts: some Encodable) throws {
        self.step = step
        self.tensors = tensors
        self.facts = try JSONValue(encoding: facts)
    }

    /// The part of the state that is not tensors; a failure names the unusable key.
    package func facts<Facts: Decodable>(as type: Facts.Type = Facts.self) throws -> Facts {
        try facts.decoded { unusable($0) }
    }

    /// Records that are not part of the state, such as the time the run has taken; nil if there are none.
    package func notes<Notes: Decodable>(as type: Notes.Type = Notes.self) throws -> Notes? {
        try notes?.decoded { unusable("notes.\($0)") }
    }

    package mutating func set(notes: some Encodable) throws { self.notes = try JSONValue(encoding: notes) }

    // MARK: Bytes

    /// The bytes of `state.safetensors`.
    package func encoded() -> Data {
        Safetensors.encode(tensors, metadata: [Self.factsKey: facts.encoded(), Self.stepKey: "\(step)"])
    }

    /// Reads the bytes of a `state.safetensors`; failures name `place`.
    package init(decoding data: Data, at place: String) throws {
        let file = try SafetensorsFile(data, path: place)
        guard let text = file.metadata[Self.factsKey],
            let step = file.metadata[Self.stepKey].flatMap({ Int($0) })
        else { throw Failure.data("holds no training state", at: place) }
        self.step = step
        facts = try JSONValue(parsing: Data(text.utf8), at: place)
        tensors = try file.names.map { name in
            let entry = try file.entry(name)
            let values: NamedTensor.Values =
                switch entry.dtype {
                case .int64: .int64(try file.int64s(name))
                case .float64: .double(try file.doubles(name))
                default: .float(try file.floats(name))
                }
            return NamedTensor(name: name, shape: entry.shape, values: values)
        }
    }

    /// The values of a float tensor with `count` elements.
    package func floats(_ name: String, count: Int) throws -> [Float] {
        guard case .float(let values)? = tensors.first(where: { $0.name == name })?.values,
            values.count == count
        else {
            throw failure("has no '\(name)' of \(count) numbers")
        }
        return values
    }

    /// The values of an integer tensor with `count` elements.
    package func int64s(_ name: String, count: Int) throws -> [Int64] {
        guard case .int64(let values)? = tensors.first(where: { $0.name == name })?.values,
            values.count == count
        else {
            throw failure("has no '\(name)' of \(count) whole numbers")
        }
        return values
    }

    /// The values of a tensor with `count` elements in double precision.
    package func doubles(_ name: String, count: Int) throws -> [Double] {
        guard case .double(let values)? = tensors.first(where: { $0.name == name })?.values,
            values.count == count
        else {
            throw failure("has no '\(name)' of \(count) numbers")
        }
        return values
    }

    package func unusable(_ key: String) -> Failure { failure("has no usable '\(key)'") }

    /// A failure that says what is wrong with the checkpoint.
    package func failure(_ finding: String) -> Failure {
        .data(
            "the checkpoint of step \(step) \(finding)",
            remedy: "remove \(Self.name(of: step)) from the run's checkpoints to resume from an earlier one")
    }

    // MARK: Files

    /// The content of `checkpoint.json`.
    private struct Seal: Codable {
        let step: Int, file: String, bytes: Int, crc32c: String
        let notes: JSONValue?
    }

    /// Writes the checkpoint into a folder of checkpoints, then removes older ones until `keep` are left.
    ///
    /// A crash at any moment leaves the earlier checkpoints whole.
    package func write(into directory: String, keep: Int) throws {
        let target = "\(directory)/\(Self.name(of: step))"
        let partial = "\(target).partial"
        let manager = FileManager.default
        try? manager.removeItem(atPath: partial)
        try Directory.create(partial)
        do {
            let data = encoded()
            try AtomicFile.write(data, to: "\(partial)/\(Self.stateName)")
            let seal = Seal(
                step: step, file: Self.stateName, bytes: data.count, crc32c: Self.checksum(data),
                notes: notes ?? .null)
            try JSONFile.write(seal, to: "\(partial)/\(Self.sealName)")
        } catch {
            try? manager.removeItem(atPath: partial)
            throw error
        }
        // A folder cannot be renamed over another; an existing one of this name is damaged and was skipped.
        let replaced = "\(target).replaced"
        try? manager.removeItem(atPath: replaced)
        if manager.fileExists(atPath: target) { try? manager.moveItem(atPath: target, toPath: replaced) }
        do {
            try manager.moveItem(atPath: partial, toPath: target)
        } catch {
            throw Failure.data(
                "cannot rename it to \(Self.name(of: step)): \(error.localizedDescription)", at: partial)
        }
        try AtomicFile.synchronizeDirectory(directory)
        try? manager.removeItem(atPath: replaced)
        // Newer checkpoints are damaged, or the run would have resumed from them: they do not count as kept.
        for old in try Self.steps(in: directory).filter({ $0 <= step }).dropLast(max(1, keep)) {
            try? manager.removeItem(atPath: "\(directory)/\(Self.name(of: old))")
        }
    }

    /// The newest whole checkpoint of a folder, and a failure for each newer one that is damaged.
    ///
    /// Throws if the folder cannot be read, since it may contain checkpoints.
    package static func newest(in directory: String) throws -> (checkpoint: Checkpoint?, damaged: [Failure]) {
        var damaged: [Failure] = []
        for step in try steps(in: directory).reversed() {
            do {
                return (try read("\(directory)/\(name(of: step))"), damaged)
            } catch {
                damaged.append(error as? Failure ?? .data("\(error)", at: name(of: step)))
            }
        }
        return (nil, damaged)
    }

    /// Reads a checkpoint's folder and verifies its checksum.
    package static func read(_ folder: String) throws -> Checkpoint {
        let sealPath = "\(folder)/\(sealName)"
        guard let text = FileManager.default.contents(atPath: sealPath) else {
            throw Failure.data("no readable \(sealName)", at: folder)
        }
        let seal: Seal = try JSONValue(parsing: text, at: sealPath).decoded { _ in
            .data("has no 'bytes' and 'crc32c'", at: sealPath)
        }
        let path = "\(folder)/\(stateName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data("no readable \(stateName)", at: folder)
        }
        guard data.count == seal.bytes else {
            throw Failure.data("has \(data.count) bytes, expected \(seal.bytes): it is damaged", at: path)
        }
        guard checksum(data) == seal.crc32c else {
            throw Failure.data(
                "has checksum \(checksum(data)), expected \(seal.crc32c): it is damaged", at: path)
        }
        var checkpoint = try Checkpoint(decoding: data, at: path)
        checkpoint.notes = seal.notes
        return checkpoint
    }

    /// The steps of a folder's checkpoints, ascending; empty if there is no folder.
    package static func steps(in directory: String) throws -> [Int] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch let error as CocoaError
            where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile
        {
            return []
        } catch {
            throw Failure.data(
                "its checkpoints can't be listed: \(error.localizedDescription)", at: directory,
                remedy:
                    "a run resumes only from checkpoints that it can read: restore the folder or permissions"
            )
        }
        return names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.sorted()
    }

    private static func name(of step: Int) -> String { "step-\(step)" }
    private static func checksum(_ data: Data) -> String {
        let value = data.withUnsafeBytes { CRC32C.checksum($0) }
        return String(repeating: "0", count: value.leadingZeroBitCount / 4 - (value == 0 ? 1 : 0))
            + String(value, radix: 16)
    }

    private static let stateName = "state.safetensors"
    private static let sealName = "checkpoint.json"
    private static let factsKey = "facts"
    private static let stepKey = "step"
}
