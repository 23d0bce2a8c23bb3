/// How a rank waits for the others in a collective.
package enum WaitPolicy: Sendable {
    /// Busy-waits inside MPI: lowest latency, occupies a core. For ranks that compute.
    case spin
    /// Polls every half millisecond and leaves the core to others. For a dedicated coordinator.
    case sleep
}
