import Diagnostics

/// A published formula with settings, which a study names.
///
/// Its stored properties are its settings and hold the defaults.
package protocol Formula: Sendable {
    /// The name in studies.
    static var name: String { get }
    /// One line of explanation.
    static var summary: String { get }
    /// Where the formula was published.
    static var source: String { get }
    /// The settings' keys; none by default.
    static var keys: [FormulaKey<Self>] { get }

    /// The formula with default settings.
    init()
}

extension Formula {
    package static var keys: [FormulaKey<Self>] { [] }
    package static var keyNames: [String] { keys.map(\.name) }

    /// The settings with their defaults, for people.
    package static var settings: [FormulaSetting] {
        let standard = Self()
        return keys.map { $0.setting(of: standard) }
    }

    /// Reads the settings of a study's section, which also has the keys `others`.
    ///
    /// A key of another formula of the table is refused with a message that names that formula.
    package init(from decoder: any Decoder, besides others: [String], among table: [any Formula.Type]) throws
    {
        self.init()
        let section = try SettingsSection(
            decoder, keys: Self.keyNames.map { SettingKey($0) }, also: others,
            misplaced: Self.keysOfOthers(among: table))
        for key in Self.keys { try key.read(section, into: &self) }
    }

    /// Writes every setting, defaults included.
    package func encode(to encoder: any Encoder) throws {
        var section = encoder.container(keyedBy: SettingKey.self)
        for key in Self.keys { try key.write(self, to: &section) }
    }

    /// The keys that only other formulas have, with a message for each that names them.
    private static func keysOfOthers(among table: [any Formula.Type]) -> [String: String] {
        var messages: [String: String] = [:]
        for other in table where other.name != name {
            for key in other.keyNames { messages[key] = "'\(key)' is a key of \(other.name), not of \(name)" }
        }
        return messages
    }
}

/// A setting of a formula, for people.
package struct FormulaSetting: Sendable, Equatable {
    package let key: String
    package let standard: Double
    package let range: ClosedRange<Double>
    package let meaning: String
}
