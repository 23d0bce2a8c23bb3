package import Formats

/// Whoever records or shows a run.
///
/// Only the coordinator's rank has observers.
package protocol RunObserver: AnyObject {
    /// Takes note of an event; throwing ends the run.
    func observe(_ event: RunEvent) throws

    /// Makes durable what was observed, before a checkpoint is; what it returns is kept beside the checkpoint.
    func save() throws -> JSONValue

    /// Goes on after a step, from what ``save()`` returned for it; null where there was no checkpoint, or none of this kind.
    func resume(after step: Int, _ saved: JSONValue) throws
}

extension RunObserver {
    /// Nothing needs to be kept.
    package func save() throws -> JSONValue { .null }

    /// Nothing was kept.
    package func resume(after step: Int, _ saved: JSONValue) throws {}
}
