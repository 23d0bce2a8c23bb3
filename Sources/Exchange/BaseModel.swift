package import Encoders

/// The backbone as other software finds it.
package struct BaseModel: Sendable {
    /// The name on the Hub, or a path.
    package let name: String
    /// The branch, tag or commit on the Hub; nil for `main`, or for a path.
    package let revision: String?

    /// The backbone that a text names, such as `ORG/NAME` or `ORG/NAME@REVISION`.
    package init(_ text: String) {
        let model = HubName(text)
        (name, revision) = (model?.id ?? text, model?.branch)
    }

    /// The folder of a backbone.
    init(path: String) { (name, revision) = (path, nil) }

    /// The very files of the cache: a branch may move on, a commit stays.
    package init(_ snapshot: HubSnapshot) { (name, revision) = (snapshot.name.id, snapshot.commit) }
}
