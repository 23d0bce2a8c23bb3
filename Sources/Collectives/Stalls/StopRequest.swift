/// A request to one rank to stop the run after a checkpoint, polled in each step.
package protocol StopRequest {
    var isMade: Bool { get }
}
