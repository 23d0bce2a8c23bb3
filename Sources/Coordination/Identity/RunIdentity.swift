package import Adapters
import Diagnostics
package import Formats
package import Runs
package import Studies
import Tasks
import Training

/// The settings, backbone, data and arithmetic that the next step's bits depend on.
///
/// A checkpoint has one identity.
package struct RunIdentity: Codable, Sendable, Equatable {
    /// Study keys that change no bit of the result, so a resumed run may change them.
    private static let free: Set<String> = [
        "backbone", "data", "coordinator", "checkpoint", "debug", "cache", "stall", "report",
    ]

    package let study: RecordedSettings
    package let backbone: BackboneIdentity
    /// The tokenizer's checksum.
    package let tokenizer: String
    /// The checksum of each task's data.
    package let data: NamedValues<Int>
    /// The kernels and versions that computed parts of the result, in order of their first use.
    package private(set) var arithmetic: [Arithmetic]
    /// Files of other runs that the method reads; nil if it reads none.
    let files: [FileOfAnotherRun]?

    /// The identity of a study on its backbone, with the arithmetic of this process.
    package init(
        _ study: Study, backbone: BackboneIdentity, tokenizer: String, _ data: [TaskData]
    ) throws {
        self.study = try Self.boundSettings(of: study)
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.data = NamedValues(data.map { ($0.task.name, $0.fingerprint) })
        arithmetic = [.current(study.arithmetic)]
        files = try FileOfAnotherRun.all(of: study.adapter.method)
    }

    /// The settings that bits of the result depend on.
    package static func boundSettings(of study: Study) throws -> RecordedSettings {
        try RecordedSettings(study).filtered { !free.contains($0) }
    }

    /// The settings of the keys that change no bit of the result.
    package static func freeSettings(of study: Study) throws -> RecordedSettings {
        try RecordedSettings(study).filtered(free.contains)
    }

    /// Whether a key is the epochs of a stage that has steps in both studies; an earlier version recorded
    /// epochs that did not count.
    private static func isWithoutEffect(_ path: String, _ studies: RecordedSettings...) -> Bool {
        Stages.CodingKeys.allCases.map(\.stringValue).contains { stage in
            path == "stages.\(stage).epochs"
                && studies.allSatisfy { $0["stages"]?[stage]?["steps"] != nil }
        }
    }

    /// Whether several kernels or versions computed the result, so that no single one reproduces its bits.
    package var isMixed: Bool { arithmetic.count > 1 }

    /// Refuses to resume a run with another identity, and names the first difference.
    ///
    /// - Returns: the saved identity, with the arithmetic of this process added if it is new and allowed
    package func resumed(
        as current: RunIdentity, allowingDifferentKernels: Bool = false
    ) throws -> RunIdentity {
        let differences = study.differences(from: current.study).filter {
            !Self.isWithoutEffect($0.path, study, current.study)
        }
        // With another rule or method, its settings differ too.
        let named = differences.first {
            ["method", "rule", "name"].contains($0.path.split(separator: ".").last)
        }
        if let first = named ?? differences.first {
            let others = differences.count - 1
            let more = others > 0 ? " (and \(others) more \(others == 1 ? "key" : "keys"))" : ""
            throw Failure.usage(
                "was \(first.saved) when this run began and is now \(first.current)\(more)", at: first.path,
                remedy:
                    "hadamesh train --resume RUN takes the run's own study; or start anew with "
                    + "another --output", reason: .otherSettings)
        }
        if let difference = backbone.difference(from: current.backbone) {
            throw Failure.data(
                "is not the one that this run began with: \(difference)", at: "backbone",
                remedy: "point backbone at the original folder, or start anew with another --output")
        }
        if tokenizer != current.tokenizer {
            throw Failure.data(
                "is not the one that this run began with: its checksum differs", at: "the tokenizer",
                remedy: "restore its files, or start anew with another --output")
        }
        try FileOfAnotherRun.check(
            files, against: current.files, since: "this run began",
            remedy: "restore it, or start anew with another --output")
        let names = current.data.names.filter { data[$0] != current.data[$0] }
        if !names.isEmpty {
            throw Failure.data(
                "the data of \(names.joined(separator: ", ")) changed since this run began", at: "data",
                remedy: "restore the data, or start anew with another --output")
        }
        let new = current.arithmetic.filter { !arithmetic.contains($0) }
        if !new.isEmpty, !allowingDifferentKernels {
            let words = arithmetic.map(\.words).joined(separator: ", then ")
            throw Failure.data(
                "this run began with \(words.isEmpty ? "an older version" : words); here the "
                    + "program is \(new.map(\.words).joined()), which gives different bits",
                at: "kernels",
                remedy:
                    "resume on processors with the same kernels, or pass --allow-different-kernels, "
                    + "which marks the result as mixed", reason: .otherKernels)
        }
        var identity = self
        identity.arithmetic += new
        return identity
    }
}
