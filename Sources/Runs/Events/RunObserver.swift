package import Formats

/// Records or displays a run, on the coordinator's rank.
package protocol RunObserver: AnyObject {
    /// Receives an event; an error ends the run.
    func observe(_ event: RunEvent) throws

    /// Makes the observed events durable before a checkpoint, and returns this observer's state for it.
    func save() throws -> JSONValue

    /// Continues after `step` with the state that ``save()`` returned; null if there is no checkpoint or no
    /// state.
    func resume(after step: Int, _ saved: JSONValue) throws
}

extension RunObserver {
    package func save() throws -> JSONValue { .null }

    package func resume(after step: Int, _ saved: JSONValue) throws {}
}
