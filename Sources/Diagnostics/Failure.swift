/// A failure that is told to the user: where, what was found against what was expected, and what to do.
///
/// Every part of the software throws this one type for bad input, so that each message has the same
/// shape and each kind of failure the same exit code, on any rank.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, which is the exit code of the whole job.
    package enum Kind: Int32, Sendable {
        /// The command or the study is wrong.
        case usage = 2
        /// Data, backbone or checkpoint is bad, or a file cannot be read or written.
        case data = 3
        /// A rank failed.
        case rank = 4
        /// A rank stopped responding.
        case stalled = 5
    }

    /// The kind, and so the exit code.
    package let kind: Kind
    /// The file (`train.tsv:17`), tensor or key that the message is about.
    package let place: String?
    /// What was found, and what was expected.
    package let what: String
    /// What to do about it.
    package let remedy: String?

    /// Makes a failure of any kind.
    package init(_ kind: Kind, at place: String? = nil, _ what: String, remedy: String? = nil) {
        self.kind = kind
        self.place = place
        self.what = what
        self.remedy = remedy
    }

    /// A failure of the command or the study.
    package static func usage(_ what: String, at place: String? = nil, remedy: String? = nil) -> Failure {
        Failure(.usage, at: place, what, remedy: remedy)
    }

    /// A failure of data, a backbone, a checkpoint or a file.
    package static func data(_ what: String, at place: String? = nil, remedy: String? = nil) -> Failure {
        Failure(.data, at: place, what, remedy: remedy)
    }

    /// `place: what; remedy`, on one line.
    package var description: String {
        (place.map { "\($0): " } ?? "") + what + (remedy.map { "; \($0)" } ?? "")
    }
}
