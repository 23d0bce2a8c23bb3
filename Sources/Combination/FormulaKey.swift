import Diagnostics

/// A number among a formula's settings: its key, its property, its range and its meaning.
///
/// The property's initial value is the default.
package struct FormulaKey<Owner>: Sendable {
    package let name: String
    package let range: ClosedRange<Double>
    package let meaning: String
    private let property: any WritableKeyPath<Owner, Double> & Sendable

    init(
        _ name: String, _ property: any WritableKeyPath<Owner, Double> & Sendable,
        _ range: ClosedRange<Double>,
        _ meaning: String
    ) {
        (self.name, self.property, self.range, self.meaning) = (name, property, range, meaning)
    }

    func read(_ section: SettingsSection<SettingKey>, into formula: inout Owner) throws {
        let key = SettingKey(name)
        let value = try section.value(key, default: formula[keyPath: property])
        try section.require(
            range.contains(value), key,
            "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        formula[keyPath: property] = value
    }

    func write(_ formula: Owner, to section: inout KeyedEncodingContainer<SettingKey>) throws {
        try section.encode(formula[keyPath: property], forKey: SettingKey(name))
    }

    func setting(of formula: Owner) -> FormulaSetting {
        FormulaSetting(key: name, standard: formula[keyPath: property], range: range, meaning: meaning)
    }
}
