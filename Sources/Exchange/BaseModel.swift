import Diagnostics
package import Encoders
import Foundation

/// The backbone as other software finds it.
package struct BaseModel: Sendable {
    /// The name on the Hub, or a path.
    package let name: String
    /// The branch, tag or commit on the Hub; nil for `main`, or for a path.
    package let revision: String?

    /// The backbone that a text names.
    ///
    /// It is `ORG/NAME` or `ORG/NAME@REVISION`, also with `hf:`, or the path of a folder.
    package init(_ text: String) throws {
        // The folder may be another machine's.
        let isPath =
            text.hasPrefix("/") || text.hasPrefix(".") || FileManager.default.fileExists(atPath: text)
        let prefix = BackboneReference.prefix
        let model = HubName(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
        guard isPath || model != nil else {
            throw Failure.usage(
                "'\(text)' is neither a model's name on the Hub nor a path, expected ORG/NAME or "
                    + "ORG/NAME@REVISION")
        }
        (name, revision) = isPath ? (text, nil) : (model?.id ?? text, model?.branch)
    }

    /// The folder of a backbone.
    init(path: String) { (name, revision) = (path, nil) }

    /// The very files of the cache: a branch may move on, a commit stays.
    package init(_ snapshot: HubSnapshot) { (name, revision) = (snapshot.name.id, snapshot.commit) }
}
