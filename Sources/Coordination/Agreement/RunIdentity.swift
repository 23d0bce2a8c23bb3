import Adapters
import Diagnostics
package import Formats
import Foundation
package import Studies
import Tasks
import Training

/// What a checkpoint belongs to: settings, backbone and data that the next step's bits depend on.
package enum RunIdentity {
    /// Study keys that change no bit of the result: a resumed run may set them differently.
    private static let free: Set<String> = [
        "backbone", "data", "coordinator", "checkpoint", "record", "cache", "stall",
    ]

    /// The identity of a study, its backbone (``BackboneIdentity``), its tokenizer and its data.
    ///
    /// Files of other runs that its method reads are part of it, and so is the arithmetic of this process.
    package static func of(_ study: Study, backbone: JSONValue, tokenizer: String, _ data: [TaskData]) throws
        -> JSONValue
    {
        let object = try encoded(study).object ?? []
        let identity: [(String, JSONValue)] = [
            ("study", .object(object.filter { !free.contains($0.0) })),
            ("backbone", backbone), ("tokenizer", .string(tokenizer)),
            ("data", .object(data.map { ($0.task.name, .integer($0.fingerprint)) })),
            (arithmeticKey, .array([Arithmetic.current.json])),
        ]
        let files = try FilesOfOtherRuns.checksums(study.adapter.method)
        return .object(identity + (files.map { [("files", $0)] } ?? []))
    }

    /// The keys of a study that change no bit of the result, which each start may set anew.
    package static func freeSettings(of study: Study) throws -> JSONValue {
        .object((try encoded(study).object ?? []).filter { free.contains($0.0) })
    }

    /// A study with every default, its keys in order.
    static func encoded(_ study: Study) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try JSONValue(parsing: try encoder.encode(study), at: "the study")
    }

    private static let arithmeticKey = "arithmetic"

    /// Everything that computed a part of the result, in the order in which it came to it.
    static func arithmetic(of identity: JSONValue) -> [JSONValue] { identity[arithmeticKey]?.array ?? [] }

    /// Whether a result is of several kernels or versions, so that no single one of them would give its bits.
    package static func isMixed(_ identity: JSONValue) -> Bool { arithmetic(of: identity).count > 1 }

    /// Refuses to go on with a run that began with something else, naming what differs.
    ///
    /// - Returns: the identity to go on with: the saved one, and the arithmetic of this process where it is new and allowed
    package static func check(
        _ saved: JSONValue, against current: JSONValue, allowingDifferentKernels: Bool = false
    ) throws -> JSONValue {
        if saved == current { return current }
        let differences = paths(saved["study"] ?? .null, current["study"] ?? .null, at: "")
        if let first = differences.first {
            let more = differences.count > 1 ? " (and \(differences.count - 1) more keys)" : ""
            throw Failure.usage(
                "was \(first.saved) when this run began, is now \(first.current)\(more)", at: first.path,
                remedy: "resume with the study that the run began with, or start anew with another --output")
        }
        if saved["backbone"] != current["backbone"] {
            let (old, new) = (saved["backbone"], current["backbone"])
            let difference = old.flatMap { BackboneIdentity($0) }.flatMap { old in
                new.flatMap { BackboneIdentity($0) }.flatMap { old.difference(from: $0) }
            }
            throw Failure.data(
                "is not the one that this run began with: \(difference ?? "its weights have another checksum")",
                at: "backbone",
                remedy: "point backbone at the original folder, or start anew with another --output")
        }
        if saved["tokenizer"] != current["tokenizer"] {
            throw Failure.data(
                "is not the one that this run began with: it has another checksum", at: "the tokenizer",
                remedy: "restore its files, or start anew with another --output")
        }
        try FilesOfOtherRuns.check(
            saved["files"], against: current["files"], since: "this run began",
            remedy: "restore it, or start anew with another --output")
        let names = (current["data"]?.object ?? []).map(\.0).filter {
            saved["data"]?[$0] != current["data"]?[$0]
        }
        if !names.isEmpty {
            throw Failure.data(
                "the data of \(names.joined(separator: ", ")) changed since this run began", at: "data",
                remedy: "restore the data, or start anew with another --output")
        }
        return try joined(saved, current, allowingDifferentKernels)
    }

    /// The saved identity, with this process's arithmetic where it is new.
    private static func joined(_ saved: JSONValue, _ current: JSONValue, _ isAllowed: Bool) throws
        -> JSONValue
    {
        let (before, now) = (arithmetic(of: saved), arithmetic(of: current))
        let new = now.filter { !before.contains($0) }
        if new.isEmpty { return saved }
        if !isAllowed {
            let words = before.compactMap { Arithmetic($0)?.words }.joined(separator: ", then ")
            throw Failure.data(
                "this run began with \(words.isEmpty ? "an older version" : words), here is "
                    + "\(Arithmetic.current.words), which gives other bits", at: "kernels",
                remedy:
                    "resume on processors with the same kernels, or give --allow-different-kernels, which marks "
                    + "the result as mixed")
        }
        let members = (saved.object ?? []).filter { $0.0 != arithmeticKey }
        return .object(members + [(arithmeticKey, .array(before + new))])
    }

    private static func paths(
        _ saved: JSONValue, _ current: JSONValue, at path: String
    ) -> [(path: String, saved: String, current: String)] {
        if saved == current { return [] }
        guard let old = saved.object, let new = current.object else {
            return [(path, saved.encoded(), current.encoded())]
        }
        let keys = Set(old.map(\.0)).union(new.map(\.0)).sorted()
        return keys.flatMap { key in
            paths(saved[key] ?? .null, current[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
        }
    }
}
