/// How a start of a run ended.
package enum RunEnding: Int64, Sendable, Equatable {
    /// All stages are done.
    case finished
    /// The run was asked to stop and wrote a checkpoint.
    case stopped
    /// The run reached its ``PausePoint`` and wrote a checkpoint.
    case paused
}
