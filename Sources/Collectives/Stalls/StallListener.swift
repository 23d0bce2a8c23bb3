/// Records stalls and saves the run's state.
///
/// Only rank 0 has one.
///
/// Methods are called on the watch's thread while the rank's own thread is held inside a collective.
package protocol StallListener: AnyObject {
    /// Records a stall.
    func note(stall: String)

    /// Saves the state before the current step, without collectives.
    ///
    /// - Returns: the number of steps that state has taken; nil if there is no state to save yet
    func saveBeforeStall() throws -> Int?
}
