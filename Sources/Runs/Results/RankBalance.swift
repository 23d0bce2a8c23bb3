import Diagnostics
package import Formats
import Foundation

/// Load balance: how long ranks waited for each other, and which rank and node were slowest.
package struct RankBalance: Codable, Sendable, Equatable {
    /// A rank's seconds of waiting and of work, and its node if known.
    package struct Work: Sendable {
        let rank: Int
        let waiting, working: Double
        let node: String?

        package init(rank: Int, waiting: Double, working: Double, node: String?) {
            (self.rank, self.waiting, self.working, self.node) = (rank, waiting, working, node)
        }
    }

    /// Waiting as a share of the ranks' time.
    package let waitingShare: Double
    /// The number of computing ranks.
    package let ranks: Int
    /// The rank that worked longest, such as `rank 2`, and its node; nil if unknown.
    package let slowestRank: String
    @Nullable package private(set) var node: String?
    /// Seconds of work, without waiting and communication, of the slowest and of the median rank.
    package let seconds, medianSeconds: Double
    /// The node whose ranks worked longest; nil if there is only one node.
    package let slowestNode: String?
    /// Mean seconds of work of that node's ranks, and of the median node's; nil if there is only one node.
    package let nodeSeconds, medianNodeSeconds: Double?

    package init(_ all: [Work]) {
        let total = all.reduce(0) { $0 + $1.waiting + $1.working }
        waitingShare = total > 0 ? all.reduce(0) { $0 + $1.waiting } / total : 0
        ranks = all.count
        let first = all.max { $0.working < $1.working }
        slowestRank = "rank \(first?.rank ?? 0)"
        node = first?.node
        seconds = first?.working ?? 0
        medianSeconds = all.map(\.working).median ?? 0
        let nodes = Dictionary(grouping: all, by: \.node).compactMapValues { $0.map(\.working).mean }
        let slowest = nodes.count > 1 ? nodes.max { $0.value < $1.value } : nil
        slowestNode = slowest.map { $0.key ?? "" }
        nodeSeconds = slowest?.value
        medianNodeSeconds = slowest.flatMap { _ in Array(nodes.values).median }
    }

    /// One line for the terminal: waiting, and the slowest rank and node relative to the median.
    package var line: String {
        if ranks == 1 { return "1 rank computed and waited for no other" }
        func times(_ slowest: Double, _ median: Double) -> String {
            String(format: "%.2f times the median", median > 0 ? slowest / median : 1)
        }
        let place = node.map { " on \($0)" } ?? ""
        var line =
            "\(ranks) ranks waited \(String(format: "%.1f", 100 * waitingShare)) % of their time; "
            + "slowest \(slowestRank)\(place), \(times(seconds, medianSeconds))"
        if let slowestNode, let nodeSeconds, let medianNodeSeconds {
            line += "; slowest node \(slowestNode), \(times(nodeSeconds, medianNodeSeconds))"
        }
        return line
    }
}
