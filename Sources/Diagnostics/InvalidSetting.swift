/// A setting of a method whose value is not allowed.
package struct InvalidSetting: Sendable {
    package let key: String
    package let problem: String
}
