package import Diagnostics

/// The property of a setting.
package typealias SettingPath<Method, Value> = any WritableKeyPath<Method, Value> & Sendable

/// A setting of a method: its key, its property, its allowed values and its meaning, in one place.
///
/// The property's initial value is the default.
package struct MethodKey<Method>: Sendable {
    /// The description for users.
    package let setting: MethodSetting
    private let reading: @Sendable (SettingsSection<SettingKey>, inout Method) throws -> Void
    private let writing: @Sendable (Method, inout KeyedEncodingContainer<SettingKey>) throws -> Void

    /// Connects a key to a property; `problem` returns a message for a value that is not allowed.
    ///
    /// With an example the key must be given.
    package init<Value: Codable & Sendable>(
        _ key: String, _ property: SettingPath<Method, Value>, allowed: String,
        _ meaning: String, example: [String]? = nil,
        problem: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        setting = MethodSetting(key: key, allowed: allowed, meaning: meaning, example: example)
        let name = SettingKey(key)
        reading = { section, method in
            if example == nil, !section.has(name) { return }
            let value: Value = try section.required(name)
            if let problem = problem(value) { throw section.failure(name, problem) }
            method[keyPath: property] = value
        }
        writing = { try $1.encode($0[keyPath: property], forKey: name) }
    }

    /// Connects a key to one of a closed set of names.
    package init<Value: NamedChoice>(
        _ key: String, _ property: SettingPath<Method, Value>, _ meaning: String
    ) {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        self.init(key, property, allowed: names, meaning)
    }

    /// Connects a key to a switch.
    package init(_ key: String, _ property: SettingPath<Method, Bool>, _ meaning: String) {
        self.init(key, property, allowed: "true, false", meaning)
    }

    private init(
        _ setting: MethodSetting,
        reading: @escaping @Sendable (SettingsSection<SettingKey>, inout Method) throws -> Void,
        writing: @escaping @Sendable (Method, inout KeyedEncodingContainer<SettingKey>) throws -> Void
    ) {
        self.setting = setting
        self.reading = reading
        self.writing = writing
    }

    /// The key `layers`, which most methods have.
    package static func layers(_ property: SettingPath<Method, LayerSet>) -> MethodKey {
        MethodKey(
            "layers", property, allowed: "all, 4-11, 0,2,5", "layers it is applied to, counted from 0")
    }

    /// The key of a method that contains this one's as a property.
    package func nested<Outer>(
        in property: SettingPath<Outer, Method>
    ) -> MethodKey<Outer> {
        MethodKey<Outer>(
            setting, reading: { [reading] in try reading($0, &$1[keyPath: property]) },
            writing: { [writing] in try writing($0[keyPath: property], &$1) })
    }

    /// Reads the key of a section, if it is there.
    func read(_ section: SettingsSection<SettingKey>, into method: inout Method) throws {
        try reading(section, &method)
    }

    /// Writes the property's value.
    func write(_ method: Method, to section: inout KeyedEncodingContainer<SettingKey>) throws {
        try writing(method, &section)
    }
}
