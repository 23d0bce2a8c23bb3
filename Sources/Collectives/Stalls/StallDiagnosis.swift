/// The cause of a rank's wait, as far as its node's board shows it.
package struct StallDiagnosis: Equatable {
    /// The diagnosing rank, which waits in a collective.
    package let waiter: RankSnapshot
    /// The rank of this node that has gone longest without progress; nil if all ranks of the node wait.
    package let behind: RankSnapshot?
    /// The number of other ranks of this node that are behind.
    package let moreBehind: Int
    /// The number of ranks of this node that wait.
    package let waiting: Int
    /// How long `waiter` has waited since the last progress of `behind`.
    package let seconds: Double

    /// Seconds without a beat after which a process is assumed not to run.
    package static let silence = 3.0

    /// Diagnoses from the slots of a node's ranks; nil if the rank at `slot` does not wait.
    package init?(_ ranks: [RankSnapshot], slot: Int, now: Double) {
        let waiter = ranks[slot]
        guard waiter.isInCall else { return nil }
        // Only its own group's ranks enter the collectives of a rank.
        let ranks =
            waiter.group == .world || waiter.group == .gathering
            ? ranks
            : ranks.filter {
                $0.group == waiter.group
            }
        func isAlive(_ rank: RankSnapshot) -> Bool { rank.isSaving || now - rank.beat < Self.silence }
        // A rank stopped inside a collective has entered it, yet the others wait for that rank.
        func lastSign(_ rank: RankSnapshot) -> Double { rank.isInCall ? rank.beat : rank.since }
        let latest = ranks.map(\.calls).max() ?? 0
        let late = ranks.filter { !$0.isInCall && $0.calls < latest || !isAlive($0) }
        let inCall = ranks.filter { $0.isInCall && isAlive($0) && $0.group == waiter.group }
        // Groups on other nodes may work for hours; those nodes watch them.
        if waiter.group == .gathering, late.isEmpty { return nil }
        self.waiter = waiter
        behind = late.min { lastSign($0) < lastSign($1) }
        moreBehind = max(0, late.count - 1)
        waiting = inCall.count
        let since = behind.map { max(waiter.since, lastSign($0)) } ?? inCall.map(\.since).max() ?? now
        seconds = max(0, now - since)
    }
}
