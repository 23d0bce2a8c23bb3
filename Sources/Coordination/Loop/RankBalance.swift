import Collectives
package import Formats
import Foundation

/// How evenly the ranks of a run worked: who waited, and who was waited for.
package struct RankBalance: Sendable, Equatable {
    /// One rank or host, and its own work in seconds.
    package struct Worker: Sendable, Equatable {
        /// `rank 2`, or a host's name.
        package let name: String
        /// Seconds that it did not wait or exchange; a host's are the mean over its ranks.
        package let seconds: Double

        package init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// The share of the ranks' time that was spent waiting for other ranks.
    package let waiting: Double
    /// How many ranks computed.
    package let ranks: Int
    /// The rank that worked longest.
    package let slowest: Worker
    /// The host of the rank that worked longest; nil where it is not known.
    package let host: String?
    /// The work of the median rank in seconds.
    package let median: Double
    /// The host whose ranks worked longest, and the median host's seconds; nil where there is one host.
    package let slowestHost: Worker?, medianHost: Double

    /// Compares ranks: each one's seconds of waiting, of its own work, and its host.
    package init(_ all: [(rank: Int, waiting: Double, working: Double, host: String?)]) {
        let total = all.reduce(0) { $0 + $1.waiting + $1.working }
        waiting = total > 0 ? all.reduce(0) { $0 + $1.waiting } / total : 0
        ranks = all.count
        let first = all.max { $0.working < $1.working }
        slowest = Worker(name: "rank \(first?.rank ?? 0)", seconds: first?.working ?? 0)
        host = first?.host
        median = Self.median(all.map(\.working))
        let hosts = Dictionary(grouping: all, by: \.host).map { host, ranks in
            Worker(
                name: host ?? "", seconds: ranks.reduce(0) { $0 + $1.working } / Double(ranks.count))
        }
        medianHost = Self.median(hosts.map(\.seconds))
        slowestHost = hosts.count > 1 ? hosts.max { $0.seconds < $1.seconds } : nil
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Compares the computing ranks of a world since a moment; a collective.
    static func gathered(
        _ communicator: any Communicator, since start: Date, _ before: CommunicationStatistics,
        computing: [Int]
    ) throws -> RankBalance {
        let spent = communicator.statistics.since(before)
        let working = max(0, Date().timeIntervalSince(start) - spent.seconds)
        let all = try communicator.allGather([
            Int64(spent.secondsWaiting * 1e6), Int64(working * 1e6),
        ])
        return RankBalance(
            computing.map {
                ($0, Double(all[$0][0]) * 1e-6, Double(all[$0][1]) * 1e-6, communicator.watch?.host(of: $0))
            })
    }

    /// How many times the median's work the slowest did.
    private static func ratio(_ slowest: Double, _ median: Double) -> Double {
        median > 0 ? slowest / median : 1
    }

    /// As the journal and the results show it.
    package var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("waitingShare", .number(waiting)), ("ranks", .integer(ranks)),
            ("slowestRank", .string(slowest.name)), ("host", host.map { .string($0) } ?? .null),
            ("seconds", .number(slowest.seconds)), ("medianSeconds", .number(median)),
        ]
        if let slowestHost {
            members += [
                ("slowestHost", .string(slowestHost.name)), ("hostSeconds", .number(slowestHost.seconds)),
                ("medianHostSeconds", .number(medianHost)),
            ]
        }
        return .object(members)
    }

    /// In a line: the share of waiting, the slowest rank and host against the median.
    package var line: String {
        if ranks == 1 { return "1 rank computed and waited for no other" }
        func times(_ ratio: Double) -> String { String(format: "%.2f times the median", ratio) }
        let share = String(format: "%.1f", 100 * waiting)
        let place = host.map { " on \($0)" } ?? ""
        let hosts =
            slowestHost.map { "; slowest host \($0.name), \(times(Self.ratio($0.seconds, medianHost)))" }
            ?? ""
        return "\(ranks) ranks waited \(share) % of their time; slowest \(slowest.name)\(place), "
            + times(Self.ratio(slowest.seconds, median)) + hosts
    }
}
