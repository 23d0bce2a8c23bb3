/// A model of the Hugging Face Hub: `ORG/NAME` or `NAME`, with `@REVISION` unless it is `main`.
package struct HubName: Sendable, Equatable, CustomStringConvertible {
    /// `ORG/NAME`, or `NAME` alone for a model of no organisation.
    package let id: String
    /// A branch, a tag, or the whole hash of a commit.
    package let revision: String

    private static let main = "main"

    /// Nil for a text that is no model's name, such as a path with a dot or a third part.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = parts.first,
            id.wholeMatch(of: /\w[\w.\-]*(\/\w[\w.\-]*)?/.asciiOnlyWordCharacters()) != nil,
            // The layout of the cache separates with "--".
            !id.contains("--"), !id.contains("..")
        else { return nil }
        let revision = parts.count > 1 ? parts[1] : Self.main[...]
        guard !revision.isEmpty, !revision.hasPrefix("/"), !revision.contains("..") else { return nil }
        (self.id, self.revision) = (String(id), String(revision))
    }

    /// Whether the revision is a commit, which no file of the cache has to translate.
    var isCommit: Bool { revision.wholeMatch(of: /[0-9a-f]{40}/) != nil }

    /// The revision; nil for `main`.
    package var branch: String? { revision == Self.main ? nil : revision }

    package var description: String { branch.map { "\(id)@\($0)" } ?? id }
}
