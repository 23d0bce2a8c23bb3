import Diagnostics

/// A setting of a sampler: its key, its property and its meaning.
///
/// The property's initial value is the default.
package struct SamplerKey<S: Sampler>: Sendable {
    package let name: String
    package let meaning: String
    private let reading: @Sendable (SettingsSection<SettingKey>, inout S) throws -> Void
    private let writing: @Sendable (S, inout KeyedEncodingContainer<SettingKey>) throws -> Void

    /// `problem` returns a message for a value that is not allowed.
    init<Value: Codable & Sendable>(
        _ name: String, _ property: any WritableKeyPath<S, Value> & Sendable, _ meaning: String,
        problem: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        (self.name, self.meaning) = (name, meaning)
        let key = SettingKey(name)
        reading = { section, sampler in
            let value: Value = try section.value(key, default: sampler[keyPath: property])
            if let problem = problem(value) { throw section.failure(key, problem) }
            sampler[keyPath: property] = value
        }
        writing = { try $1.encode($0[keyPath: property], forKey: key) }
    }

    fileprivate func read(_ section: SettingsSection<SettingKey>, into sampler: inout S) throws {
        try reading(section, &sampler)
    }

    fileprivate func write(_ sampler: S, to section: inout KeyedEncodingContainer<SettingKey>) throws {
        try writing(sampler, &section)
    }
}

extension SamplerKey {
    /// A key whose value is a number in a range.
    init(
        _ name: String, _ property: any WritableKeyPath<S, Double> & Sendable, in range: ClosedRange<Double>,
        _ meaning: String
    ) {
        self.init(name, property, meaning) {
            range.contains($0) ? nil : "is \($0), expected \(range.lowerBound) to \(range.upperBound)"
        }
    }

    /// A key whose value is a whole number in a range.
    init(
        _ name: String, _ property: any WritableKeyPath<S, Int> & Sendable, in range: ClosedRange<Int>,
        _ meaning: String
    ) {
        self.init(name, property, meaning) {
            range.contains($0) ? nil : "is \($0), expected \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

extension Sampler {
    /// Reads the settings of a study's section, which also has the keys `others`.
    package init(from decoder: any Decoder, besides others: [String]) throws {
        self.init()
        let section = try SettingsSection(
            decoder, keys: Self.keyNames.map { SettingKey($0) }, also: others,
            misplaced: SamplerTable.keysOfOthers(than: Self.name))
        for key in Self.keys { try key.read(section, into: &self) }
    }

    /// Writes every setting, defaults included.
    package func encode(to encoder: any Encoder) throws {
        var section = encoder.container(keyedBy: SettingKey.self)
        for key in Self.keys { try key.write(self, to: &section) }
    }
}
