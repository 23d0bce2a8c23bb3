/// A run's records at a checkpoint: the length of the journal, and the cost of the run so far.
package struct RunNote: Codable, Sendable, Equatable {
    let journal: Int
    let counters: RunCounters
}
