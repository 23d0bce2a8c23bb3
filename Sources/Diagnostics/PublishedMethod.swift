/// A published method that users choose by name: an adapter method, a rule, a weighting or a sampler.
///
/// Its stored properties are its settings and hold the defaults. A method is a file and a line in a table.
package protocol PublishedMethod: Sendable, Encodable {
    /// The table that has the method.
    static var table: MethodTable { get }
    /// The name in studies and on the command line.
    static var name: String { get }
    /// One line of explanation.
    static var summary: String { get }
    /// Where the method was published.
    static var source: String { get }
    /// The settings' keys, in the order in which they are read and explained; none by default.
    static var keys: [MethodKey<Self>] { get }
    /// The keys beside settings that a section may have with other methods of the table, but not with this
    /// one; none by default.
    static var refusedKeys: [String] { get }

    /// The method with default settings.
    init()

    /// Checks settings against one another, after all keys were read; nothing by default.
    mutating func check(_ section: SettingsSection<NameKey>) throws
}

extension PublishedMethod {
    package static var keys: [MethodKey<Self>] { [] }
    package static var refusedKeys: [String] { [] }
    package func check(_ section: SettingsSection<NameKey>) throws {}

    /// Descriptions of the settings.
    package static var settings: [MethodSetting] { keys.map(\.setting) }

    /// Reads the settings of a section, which also has the keys `others`; absent ones keep their defaults.
    ///
    /// Unknown keys are failures; that for a key of other methods of the table names them.
    package init(from decoder: any Decoder, besides others: [String]) throws {
        self.init()
        let section = try SettingsSection(
            decoder, keys: Self.keys.map { NameKey($0.setting.key) }, also: others,
            misplaced: Self.table.keysOfOthers(than: Self.name))
        for key in Self.keys { try key.read(section, into: &self) }
        try check(section)
    }

    /// Writes every setting, defaults included.
    package func encode(to encoder: any Encoder) throws {
        var section = encoder.container(keyedBy: NameKey.self)
        for key in Self.keys { try key.write(self, to: &section) }
    }

    /// Whether the value that a section has for a key is allowed for the method.
    package static func takes(_ name: String, in decoder: any Decoder) -> Bool {
        guard let key = keys.first(where: { $0.setting.key == name }),
            let section = try? SettingsSection(decoder, keys: [NameKey(name)])
        else { return false }
        var method = Self()
        return (try? key.read(section, into: &method)) != nil
    }

    /// The first setting whose value is not allowed, and what is wrong with it.
    package var invalidSetting: InvalidSetting? {
        Self.keys.lazy.compactMap { key in
            key.problem(of: self).map { InvalidSetting(key: key.setting.key, problem: $0) }
        }.first
    }

    /// A copy with changed settings.
    package func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}
