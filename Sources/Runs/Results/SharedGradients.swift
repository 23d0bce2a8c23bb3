/// How the gradients of parameters that tasks share travel between ranks.
package enum SharedGradients: String, Codable, Sendable {
    /// Each task's by itself, so that tasks can be compared; sharing saves no bytes.
    case perTask = "per task"
    /// Added before they travel, once for all tasks.
    case summed
}
