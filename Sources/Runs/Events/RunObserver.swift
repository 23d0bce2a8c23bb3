/// Records or displays a run, on the coordinator's rank.
package protocol RunObserver: AnyObject {
    /// Receives an event; an error ends the run.
    func observe(_ event: RunEvent) throws

    /// Makes the observed events durable before a checkpoint; nil if this observer keeps none.
    func save() throws -> RunNote?

    /// Continues after `step` with the note that ``save()`` returned; nil if there is no checkpoint.
    func resume(after step: Int, _ saved: RunNote?) throws
}

extension RunObserver {
    package func save() throws -> RunNote? { nil }

    package func resume(after step: Int, _ saved: RunNote?) throws {}
}
