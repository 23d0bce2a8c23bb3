import Diagnostics

/// The value of an option that takes one of a few names.
func choice<Value: NamedChoice>(_ name: String, of option: String) throws -> Value {
    guard let value = Value(rawValue: name) else {
        throw Failure.usage(
            "unknown value '\(name)'", at: option,
            remedy: didYouMean(name, among: Value.allCases.map(\.rawValue)))
    }
    return value
}
