import Collectives
import Diagnostics
import Runs

extension RankBalance {
    /// Gathers how long each computing rank has worked and waited since `start`; a collective.
    static func gathered(
        _ communicator: any Communicator, since start: Double, _ before: CommunicationStatistics,
        computing: [Int]
    ) throws -> RankBalance {
        let spent = communicator.statistics.since(before)
        let working = max(0, MonotonicClock.seconds - start - spent.seconds)
        let all = try communicator.allGather([
            Int64(spent.secondsWaiting * 1e6), Int64(working * 1e6),
        ])
        return RankBalance(
            computing.map {
                Work(
                    rank: $0, waiting: Double(all[$0][0]) * 1e-6, working: Double(all[$0][1]) * 1e-6,
                    node: communicator.watch?.hostName(of: $0))
            })
    }
}
