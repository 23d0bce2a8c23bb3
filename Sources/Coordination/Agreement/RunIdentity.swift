package import Adapters
import Diagnostics
package import Formats
package import Runs
package import Studies
import Tasks
import Training

/// The settings, backbone and data that the next step's bits depend on: a checkpoint belongs to one identity.
package struct RunIdentity: Codable, Sendable, Equatable {
    /// Study keys that change no bit of the result: a resumed run may set them differently.
    private static let free: Set<String> = [
        "backbone", "data", "coordinator", "checkpoint", "record", "cache", "stall",
    ]

    package let study: StudySettings
    package let backbone: BackboneIdentity
    /// The tokenizer's checksum.
    package let tokenizer: String
    /// The checksum of each task's data.
    package let data: NamedValues<Int>
    /// Everything that computed a part of the result, in the order in which it came to it.
    package private(set) var arithmetic: [Arithmetic]
    /// Files of other runs that the method reads; nil where it reads none.
    let files: [FileOfAnotherRun]?

    /// The identity of a study on its backbone, with the arithmetic of this process.
    package init(
        _ study: Study, backbone: BackboneIdentity, tokenizer: String, _ data: [TaskData]
    ) throws {
        self.study = try StudySettings(study).filtered { !Self.free.contains($0) }
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.data = NamedValues(data.map { ($0.task.name, $0.fingerprint) })
        arithmetic = [.current]
        files = try FileOfAnotherRun.all(of: study.adapter.method)
    }

    /// The keys of a study that change no bit of the result, which each start may set anew.
    package static func freeSettings(of study: Study) throws -> StudySettings {
        try StudySettings(study).filtered(free.contains)
    }

    /// Whether a result is of several kernels or versions, so that no single one of them would give its bits.
    package var isMixed: Bool { arithmetic.count > 1 }

    /// Refuses to go on with a run that began with something else, naming the difference.
    ///
    /// - Returns: the identity to go on with: the saved one, and the arithmetic of this process where it is new and allowed
    package func resumed(
        as current: RunIdentity, allowingDifferentKernels: Bool = false
    ) throws -> RunIdentity {
        let differences = study.differences(from: current.study)
        if let first = differences.first {
            let more = differences.count > 1 ? " (and \(differences.count - 1) more keys)" : ""
            throw Failure.usage(
                "was \(first.saved) when this run began, is now \(first.current)\(more)", at: first.path,
                remedy: "resume with the study that the run began with, or start anew with another --output")
        }
        if backbone != current.backbone {
            let difference = backbone.difference(from: current.backbone)
            throw Failure.data(
                "is not the one that this run began with: \(difference ?? "its weights have another checksum")",
                at: "backbone",
                remedy: "point backbone at the original folder, or start anew with another --output")
        }
        if tokenizer != current.tokenizer {
            throw Failure.data(
                "is not the one that this run began with: it has another checksum", at: "the tokenizer",
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
                "this run began with \(words.isEmpty ? "an older version" : words), here is "
                    + "\(Arithmetic.current.words), which gives other bits", at: "kernels",
                remedy:
                    "resume on processors with the same kernels, or give --allow-different-kernels, which marks "
                    + "the result as mixed")
        }
        var identity = self
        identity.arithmetic += new
        return identity
    }
}
