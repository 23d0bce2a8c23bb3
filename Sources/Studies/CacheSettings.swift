import Diagnostics

/// The `cache` section: the size and place of the activation cache.
///
/// No bit of a result depends on it.
package struct CacheSettings: Sendable, Codable, Equatable {
    /// The limit per node, in megabytes, without the head stage's pooled vectors; 0 turns the cache off.
    package private(set) var megabytes = 2048.0
    /// A folder on each node's local disk for the cache's file; nil to use memory.
    package private(set) var directory: String?
    /// A folder in which runs store activations for later runs; nil for none.
    package private(set) var features: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case megabytes, directory, features }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        megabytes = try section.value(.megabytes, default: megabytes)
        directory = try section.optional(.directory)
        features = try section.optional(.features)
        try section.require(
            (0...1e9).contains(megabytes), .megabytes, "is \(megabytes), expected 0 (off) to 1e9")
        try section.require(directory != "", .directory, "is empty, expected a folder")
        try section.require(features != "", .features, "is empty, expected a folder")
    }
}
