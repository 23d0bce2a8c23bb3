import Diagnostics

/// A number among a rule's settings: its key, its property, its range and its meaning.
///
/// The property's initial value is the default.
package struct RuleKey<Rule>: Sendable {
    package let name: String
    package let range: ClosedRange<Double>
    package let meaning: String
    private let property: any WritableKeyPath<Rule, Double> & Sendable

    init(
        _ name: String, _ property: any WritableKeyPath<Rule, Double> & Sendable,
        _ range: ClosedRange<Double>,
        _ meaning: String
    ) {
        (self.name, self.property, self.range, self.meaning) = (name, property, range, meaning)
    }

    func read(_ section: SettingsSection<SettingKey>, into rule: inout Rule) throws {
        let key = SettingKey(name)
        let value = try section.value(key, default: rule[keyPath: property])
        try section.require(
            range.contains(value), key,
            "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        rule[keyPath: property] = value
    }

    func write(_ rule: Rule, to section: inout KeyedEncodingContainer<SettingKey>) throws {
        try section.encode(rule[keyPath: property], forKey: SettingKey(name))
    }
}

extension CombinationRule {
    /// Reads the settings of a study's section, which also has the keys `others`.
    package init(from decoder: any Decoder, besides others: [String]) throws {
        self.init()
        let section = try SettingsSection(
            decoder, keys: Self.keyNames.map { SettingKey($0) }, also: others,
            misplaced: CombinationTable.keysOfOthers(than: Self.name))
        for key in Self.keys { try key.read(section, into: &self) }
    }

    /// Writes every setting, defaults included.
    package func encode(to encoder: any Encoder) throws {
        var section = encoder.container(keyedBy: SettingKey.self)
        for key in Self.keys { try key.write(self, to: &section) }
    }
}
