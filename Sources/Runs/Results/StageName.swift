/// A part of a run with results of its own.
package enum StageName: String, Codable, Sendable {
    /// Heads train on the frozen encoder.
    case head
    /// Adapters train, and heads if asked for.
    case adapter
    /// Adapters of other runs were combined; nothing was trained.
    case merge
}
