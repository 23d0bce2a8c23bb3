/// The property of a setting.
package typealias SettingPath<Method, Value> = any WritableKeyPath<Method, Value> & Sendable

/// A setting of a method: its key, its property, its allowed values and its meaning, in one place.
///
/// The property's initial value is the default.
package struct MethodKey<Method>: Sendable {
    /// The description for users.
    package let setting: MethodSetting
    private let reading: @Sendable (SettingsSection<NameKey>, inout Method) throws -> Void
    private let writing: @Sendable (Method, inout KeyedEncodingContainer<NameKey>) throws -> Void
    private let checking: @Sendable (Method) -> String?

    /// Connects a key to a property; `problem` returns a message for a value that is not allowed.
    ///
    /// With an example the key must be given.
    package init<Value: Codable & Sendable>(
        _ key: String, _ property: SettingPath<Method, Value>, allowed: String,
        _ meaning: String, example: [String]? = nil,
        problem: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        setting = MethodSetting(key: key, allowed: allowed, meaning: meaning, example: example)
        let name = NameKey(key)
        reading = { section, method in
            if example == nil, !section.has(name) { return }
            let value: Value = try section.required(name)
            if let problem = problem(value) { throw section.failure(name, problem) }
            method[keyPath: property] = value
        }
        writing = { try $1.encode($0[keyPath: property], forKey: name) }
        checking = { problem($0[keyPath: property]) }
    }

    /// Connects a key to one of a closed set of names.
    package init<Value: NamedChoice>(
        _ key: String, _ property: SettingPath<Method, Value>, _ meaning: String
    ) {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        self.init(key, property, allowed: names, meaning)
    }

    /// Connects a key to a number in a range.
    package init(
        _ key: String, _ property: SettingPath<Method, Double>, in range: ClosedRange<Double>,
        _ meaning: String
    ) {
        let allowed = "\(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        self.init(key, property, allowed: allowed, meaning) {
            range.contains($0) ? nil : "is \($0), expected \(allowed)"
        }
    }

    /// Connects a key to a whole number in a range.
    package init(
        _ key: String, _ property: SettingPath<Method, Int>, in range: ClosedRange<Int>, _ meaning: String
    ) {
        let allowed = "\(range.lowerBound) to \(range.upperBound)"
        self.init(key, property, allowed: allowed, meaning) {
            range.contains($0) ? nil : "is \($0), expected \(allowed)"
        }
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    /// Connects a key to a switch.
    package init(_ key: String, _ property: SettingPath<Method, Bool>, _ meaning: String) {
        self.init(key, property, allowed: "true, false", meaning)
    }

    private init(
        _ setting: MethodSetting,
        reading: @escaping @Sendable (SettingsSection<NameKey>, inout Method) throws -> Void,
        writing: @escaping @Sendable (Method, inout KeyedEncodingContainer<NameKey>) throws -> Void,
        checking: @escaping @Sendable (Method) -> String?
    ) {
        self.setting = setting
        (self.reading, self.writing, self.checking) = (reading, writing, checking)
    }

    /// The key of a method that contains this one's as a property.
    package func nested<Outer>(
        in property: SettingPath<Outer, Method>
    ) -> MethodKey<Outer> {
        MethodKey<Outer>(
            setting, reading: { [reading] in try reading($0, &$1[keyPath: property]) },
            writing: { [writing] in try writing($0[keyPath: property], &$1) },
            checking: { [checking] in checking($0[keyPath: property]) })
    }

    /// Reads the key of a section, if it is there.
    func read(_ section: SettingsSection<NameKey>, into method: inout Method) throws {
        try reading(section, &method)
    }

    /// A message about the property's value if it is not allowed.
    func problem(of method: Method) -> String? { checking(method) }

    /// Writes the property's value.
    func write(_ method: Method, to section: inout KeyedEncodingContainer<NameKey>) throws {
        try writing(method, &section)
    }
}
