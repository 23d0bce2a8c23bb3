/// A setting of a method, for people.
package struct MethodSetting: Sendable {
    package let key: String
    /// The allowed values.
    package let allowed: String
    package let meaning: String
    /// A sample list for a key that must be given; nil for a key with a default.
    package let example: [String]?
}
