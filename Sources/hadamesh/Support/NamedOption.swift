import Diagnostics

/// The value of an option that takes one of a few names.
enum NamedOption {
    /// Parses `name`; the failure suggests the nearest of the names of this `kind`.
    static func value<Value: NamedChoice>(
        _ name: String, of option: String, kind: String = "value"
    ) throws -> Value {
        guard let value = Value(rawValue: name) else {
            throw Failure.usage(
                "unknown \(kind) '\(name)'", at: option,
                remedy: didYouMean(name, among: Value.allCases.map(\.rawValue)))
        }
        return value
    }
}
