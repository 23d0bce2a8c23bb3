import Diagnostics

/// A method that is composed of others.
package protocol CompositeMethod: AdapterMethod {
    /// The methods in the order in which they act.
    var parts: [any AdapterMethod] { get }
}
