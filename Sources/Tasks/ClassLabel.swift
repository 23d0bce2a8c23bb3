/// A class of a task: its name, and its value in data files.
package struct ClassLabel: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The name in predictions and exported models.
    package let name: String
    /// The value in data files, and in a submission to GLUE's server.
    package let value: String

    /// A class that data files call by its name.
    package init(_ name: String) { self.init(name, value: name) }

    package init(_ name: String, value: String) { (self.name, self.value) = (name, value) }

    package init(stringLiteral name: String) { self.init(name) }
}
