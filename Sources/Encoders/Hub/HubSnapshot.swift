/// A model of the Hugging Face Hub at one commit, in the local cache.
package struct HubSnapshot: Sendable, Equatable {
    package let name: HubName
    /// The hash of the commit.
    package let commit: String
    /// The folder of the files.
    package let folder: String
}
