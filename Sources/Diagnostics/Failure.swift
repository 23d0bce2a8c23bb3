/// An error to report to the user: its location, the value found and the value expected, and a remedy.
///
/// All modules throw this type for bad input, so that all messages have the same form and each kind of
/// failure has the same exit code on every rank.
package struct Failure: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// The kind of failure; its raw value is the job's exit code.
    package enum Kind: Int32, Sendable, Codable {
        /// The command or the study is wrong.
        case usage = 2
        /// Data, a backbone or a checkpoint is invalid, or a file cannot be read or written.
        case data = 3
        /// A rank failed.
        case rank = 4
        /// A rank stopped responding.
        case stalled = 5
    }

    /// A reason that callers act on, or put into words of their own.
    package enum Reason: String, Sendable, Codable {
        /// A setting is no list.
        case notAList
        /// A run began with other settings.
        case otherSettings
        /// A run began with kernels that give other bits.
        case otherKernels
    }

    package let kind: Kind
    /// The file (`train.tsv:17`), tensor or key that the message is about.
    package private(set) var location: String?
    package let message: String
    package private(set) var remedy: String?
    package let reason: Reason?
    /// The setting that the message names, by its key or its key path.
    package let key: String?
    /// Further mistakes in the same input, so that a user can correct all of them at once.
    package private(set) var others: [Failure]

    package init(
        _ kind: Kind, at location: String? = nil, _ message: String, remedy: String? = nil,
        reason: Reason? = nil, key: String? = nil, others: [Failure] = []
    ) {
        self.kind = kind
        self.location = location
        self.message = message
        self.remedy = remedy
        self.reason = reason
        self.key = key
        self.others = others
    }

    package static func usage(
        _ message: String, at location: String? = nil, remedy: String? = nil, reason: Reason? = nil
    ) -> Failure {
        Failure(.usage, at: location, message, remedy: remedy, reason: reason)
    }

    package static func data(
        _ message: String, at location: String? = nil, remedy: String? = nil, reason: Reason? = nil
    ) -> Failure {
        Failure(.data, at: location, message, remedy: remedy, reason: reason)
    }

    /// This failure at another location.
    package func at(_ location: String?) -> Failure { with { $0.location = location } }

    /// This failure with another remedy.
    package func with(remedy: String?) -> Failure { with { $0.remedy = remedy } }

    /// This failure with further ones.
    package func with(others: [Failure]) -> Failure { with { $0.others = others } }

    private func with(_ change: (inout Failure) -> Void) -> Failure {
        var copy = self
        change(&copy)
        return copy
    }

    /// `location: message; remedy`, and a line for each of the others.
    package var description: String {
        let line = (location.map { "\($0): " } ?? "") + message + (remedy.map { "; \($0)" } ?? "")
        return ([line] + others.map(\.description)).joined(separator: "\n")
    }
}
