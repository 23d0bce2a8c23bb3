import Glibc

/// Why a rank waits, as its host's board shows it.
package struct StallDiagnosis: Equatable {
    /// The rank that diagnoses: it waits in a collective.
    package let waiter: RankSnapshot
    /// The rank of this host that has been without progress for longest; nil where all of them wait.
    package let behind: RankSnapshot?
    /// How many more ranks of this host are behind.
    package let moreBehind: Int
    /// How many ranks of this host wait.
    package let waiting: Int
    /// For how long the rank has waited without a sign of progress from the one that is behind.
    package let seconds: Double

    /// Seconds without a beat after which a process counts as not running.
    package static let silence = 3.0

    /// Looks at the ranks of a host from one of them; nil where that one does not wait.
    package init?(_ ranks: [RankSnapshot], slot: Int, now: Double) {
        let waiter = ranks[slot]
        guard waiter.isInCall else { return nil }
        func isAlive(_ rank: RankSnapshot) -> Bool { rank.isSaving || now - rank.beat < Self.silence }
        // A rank that was stopped inside the collective has come to it, and yet all wait for it.
        func lastSign(_ rank: RankSnapshot) -> Double { rank.isInCall ? rank.beat : rank.since }
        let latest = ranks.map(\.calls).max() ?? 0
        let late = ranks.filter { !$0.isInCall && $0.calls < latest || !isAlive($0) }
        let inCall = ranks.filter { $0.isInCall && isAlive($0) }
        self.waiter = waiter
        behind = late.min { lastSign($0) < lastSign($1) }
        moreBehind = max(0, late.count - 1)
        waiting = inCall.count
        let since = behind.map { max(waiter.since, lastSign($0)) } ?? inCall.map(\.since).max() ?? now
        seconds = max(0, now - since)
    }
}

/// The hosts of a world and their ranks, the first rank's host first.
package struct RankHosts: Equatable, Sendable {
    /// A host's name and its ranks, ascending.
    package struct Host: Equatable, Sendable {
        package let name: String
        package let ranks: [Int]

        package init(name: String, ranks: [Int]) {
            self.name = name
            self.ranks = ranks
        }
    }

    package let all: [Host]
    /// The number of this rank's host.
    package let own: Int

    package init(all: [Host], own: Int) {
        self.all = all
        self.own = own
    }

    /// This world as seen by a rank that shares no board with the other ranks of its host.
    package func seen(alone rank: Int) -> RankHosts {
        let parts = all.flatMap { host -> [Host] in
            let others = host.ranks.filter { $0 != rank }
            guard others.count < host.ranks.count, !others.isEmpty else { return [host] }
            return [Host(name: host.name, ranks: [rank]), Host(name: host.name, ranks: others)]
        }.sorted { $0.ranks[0] < $1.ranks[0] }
        return RankHosts(all: parts, own: parts.firstIndex { $0.ranks == [rank] } ?? own)
    }

    /// How many ranks the world has.
    package var size: Int { all.reduce(0) { $0 + $1.ranks.count } }
    /// The name of this rank's host.
    package var name: String { all[own].name }
    /// Whether rank 0 is on this rank's host.
    package var isFirst: Bool { own == 0 }

    /// The name of a rank's host.
    package func name(of rank: Int) -> String {
        all.first { $0.ranks.contains(rank) }?.name ?? "an unknown host"
    }

    /// The other hosts, in words: `node02 (ranks 2, 3)`.
    package var others: String {
        let others = all.indices.filter { $0 != own }.map { all[$0] }
        let shown = others.prefix(3).map { host in
            let ranks = host.ranks.prefix(4).map(String.init).joined(separator: ", ")
            return "\(host.name) (\(host.ranks.count == 1 ? "rank" : "ranks") \(ranks)"
                + (host.ranks.count > 4 ? ", …)" : ")")
        }
        let more = others.count > 3 ? " and \(others.count - 3) more hosts" : ""
        return shown.joined(separator: ", ") + more
    }
}

extension RankHosts {
    /// Gathers the hosts of a world; `host` has the ranks of this rank's host.
    package static func gathered(_ world: any Communicator, _ host: any Communicator) throws -> RankHosts {
        // A host goes by its first rank: names need not differ.
        var first = [Int64(world.rank)]
        try host.broadcast(&first, from: 0)
        var name = [UInt8](repeating: 0, count: nameBytes)
        name.withUnsafeMutableBytes { bytes in
            guard let start = bytes.bindMemory(to: CChar.self).baseAddress else { return }
            _ = gethostname(start, nameBytes - 1)
        }
        let words = name.withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }
        let gathered = try world.allGather(first + words)
        let firsts = Set(gathered.map { $0[0] }).sorted()
        let all = firsts.map { first in
            Host(
                name: gathered[Int(first)].dropFirst().withUnsafeBytes { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }, ranks: gathered.indices.filter { gathered[$0][0] == first })
        }
        return RankHosts(all: all, own: firsts.firstIndex(of: first[0]) ?? 0)
    }

    private static let nameBytes = 64
}
