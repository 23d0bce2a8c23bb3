import Foundation

/// Load balance: how long ranks waited for each other, and which rank and host were slowest.
package struct RankBalance: Codable, Sendable, Equatable {
    /// A rank's seconds of waiting and of work, and its host if known.
    package struct Work: Sendable {
        let rank: Int
        let waiting, working: Double
        let host: String?

        package init(rank: Int, waiting: Double, working: Double, host: String?) {
            (self.rank, self.waiting, self.working, self.host) = (rank, waiting, working, host)
        }
    }

    /// Waiting as a share of the ranks' time.
    package let waitingShare: Double
    /// The number of computing ranks.
    package let ranks: Int
    /// The rank that worked longest, such as `rank 2`, and its host; nil if unknown.
    package let slowestRank: String, host: String?
    /// Seconds of work, without waiting and communication, of the slowest and of the median rank.
    package let seconds, medianSeconds: Double
    /// The host whose ranks worked longest; nil if there is only one host.
    package let slowestHost: String?
    /// Mean seconds of work of that host's ranks, and of the median host's; nil if there is only one host.
    package let hostSeconds, medianHostSeconds: Double?

    package init(_ all: [Work]) {
        let total = all.reduce(0) { $0 + $1.waiting + $1.working }
        waitingShare = total > 0 ? all.reduce(0) { $0 + $1.waiting } / total : 0
        ranks = all.count
        let first = all.max { $0.working < $1.working }
        slowestRank = "rank \(first?.rank ?? 0)"
        host = first?.host
        seconds = first?.working ?? 0
        medianSeconds = all.map(\.working).median ?? 0
        let hosts = Dictionary(grouping: all, by: \.host).compactMapValues { $0.map(\.working).mean }
        let slowest = hosts.count > 1 ? hosts.max { $0.value < $1.value } : nil
        slowestHost = slowest.map { $0.key ?? "" }
        hostSeconds = slowest?.value
        medianHostSeconds = slowest.flatMap { _ in Array(hosts.values).median }
    }

    /// Writes `null` for an unknown host.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(waitingShare, forKey: .waitingShare)
        try container.encode(ranks, forKey: .ranks)
        try container.encode(slowestRank, forKey: .slowestRank)
        try container.encode(host, forKey: .host)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(medianSeconds, forKey: .medianSeconds)
        try container.encodeIfPresent(slowestHost, forKey: .slowestHost)
        try container.encodeIfPresent(hostSeconds, forKey: .hostSeconds)
        try container.encodeIfPresent(medianHostSeconds, forKey: .medianHostSeconds)
    }

    /// One line for the terminal: waiting, and the slowest rank and host relative to the median.
    package var line: String {
        if ranks == 1 { return "1 rank computed and waited for no other" }
        func times(_ slowest: Double, _ median: Double) -> String {
            String(format: "%.2f times the median", median > 0 ? slowest / median : 1)
        }
        let place = host.map { " on \($0)" } ?? ""
        var line =
            "\(ranks) ranks waited \(String(format: "%.1f", 100 * waitingShare)) % of their time; "
            + "slowest \(slowestRank)\(place), \(times(seconds, medianSeconds))"
        if let slowestHost, let hostSeconds, let medianHostSeconds {
            line += "; slowest host \(slowestHost), \(times(hostSeconds, medianHostSeconds))"
        }
        return line
    }
}
