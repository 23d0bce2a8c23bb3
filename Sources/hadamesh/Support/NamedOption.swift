import Diagnostics
import Studies

/// The value of an option that takes one of a few names.
enum NamedOption {
    /// Parses `name`; the failure suggests the name here of other software's, or the nearest
    /// of this `kind`.
    static func value<Value: NamedChoice>(
        _ name: String, of option: String, kind: String = "value"
    ) throws -> Value {
        guard let value = Value(rawValue: name) else {
            let allowed = Value.allCases.map(\.rawValue)
            throw Failure.usage(
                "unknown \(kind) '\(name)'", at: option,
                remedy: NamesElsewhere().remedy(forValue: name, allowed: allowed)
                    ?? didYouMean(name, among: allowed))
        }
        return value
    }
}
