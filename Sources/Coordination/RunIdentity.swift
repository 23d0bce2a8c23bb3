import Adapters
import Diagnostics
public import Formats
import Foundation
import Tasks
import Training

/// What a checkpoint belongs to: settings, backbone and data that the next step's bits depend on.
public enum RunIdentity {
    /// Study keys that change no bit of the result: a resumed run may set them differently.
    private static let free: Set<String> = [
        "backbone", "data", "coordinator", "checkpoint", "record", "cache", "stall",
    ]

    /// The identity of a study (as encoded JSON), its backbone's checksum and its data's.
    ///
    /// Files of other runs that its method reads are part of it.
    public static func of(_ study: Study, backbone: Int?, _ data: [TaskData]) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = try encoder.encode(study)
        let object = try JSONValue(parsing: text, at: "the study").object ?? []
        let identity: [(String, JSONValue)] = [
            ("study", .object(object.filter { !free.contains($0.0) })),
            ("backbone", backbone.map { .integer($0) } ?? .null),
            ("data", .object(data.map { ($0.task.name, .integer($0.fingerprint)) })),
        ]
        let files = try FilesOfOtherRuns.checksums(study.adapter.method)
        return .object(identity + (files.map { [("files", $0)] } ?? []))
    }

    /// Refuses to go on from a checkpoint of another study, naming what differs.
    static func check(_ saved: JSONValue, against current: JSONValue) throws {
        if saved == current { return }
        let differences = paths(saved["study"] ?? .null, current["study"] ?? .null, at: "")
        if let first = differences.first {
            let more = differences.count > 1 ? " (and \(differences.count - 1) more keys)" : ""
            throw Failure.usage(
                "was \(first.saved) when this run began, is now \(first.current)\(more)", at: first.path,
                remedy: "resume with the study that the run began with, or start anew with another --output")
        }
        if saved["backbone"] != current["backbone"] {
            throw Failure.data(
                "is not the one that this run began with: its weights have another checksum", at: "backbone",
                remedy: "point backbone at the original weights, or start anew with another --output")
        }
        try FilesOfOtherRuns.check(
            saved["files"], against: current["files"], since: "this run began",
            remedy: "restore it, or start anew with another --output")
        let names = (current["data"]?.object ?? []).map(\.0).filter {
            saved["data"]?[$0] != current["data"]?[$0]
        }
        throw Failure.data(
            "the data of \(names.joined(separator: ", ")) changed since this run began", at: "data",
            remedy: "restore the data, or start anew with another --output")
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
