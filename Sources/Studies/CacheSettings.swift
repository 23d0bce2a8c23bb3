import Diagnostics

/// The `cache` section: where to keep what frozen layers give, how much of it, and what to leave for later runs.
///
/// No bit of a result depends on it.
package struct CacheSettings: Sendable, Codable, Equatable {
    /// The most that each host keeps, in megabytes; 0 keeps nothing.
    package let megabytes: Double
    /// A folder of each host's own disk to keep it in; nil for memory.
    package let directory: String?
    /// A folder in which runs leave what frozen layers gave, and find what earlier ones left; nil for none.
    package let features: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case megabytes, directory, features }

    /// Two gigabytes of memory, and nothing for later runs.
    package init() {
        megabytes = 2048
        directory = nil
        features = nil
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        megabytes = try section.value(.megabytes, default: CacheSettings().megabytes)
        directory = try section.optional(.directory)
        features = try section.optional(.features)
        try section.require(
            (0...1e9).contains(megabytes), .megabytes, "is \(megabytes), expected 0 (off) or more")
        try section.require(directory != "", .directory, "is empty, expected a folder")
        try section.require(features != "", .features, "is empty, expected a folder")
    }
}
