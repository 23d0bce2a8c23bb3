/// The nodes of a world with their ranks, ordered by first rank.
package struct RankNodes: Equatable, Sendable {
    package struct Node: Equatable, Sendable {
        package let hostName: String
        /// Ascending.
        package let ranks: [Int]

        package init(hostName: String, ranks: [Int]) {
            self.hostName = hostName
            self.ranks = ranks
        }
    }

    package let all: [Node]
    /// The index of this rank's node.
    package let own: Int

    package init(all: [Node], own: Int) {
        self.all = all
        self.own = own
    }

    /// This world with this rank on a node of its own, for a rank that cannot share a board.
    package func isolating(_ rank: Int) -> RankNodes {
        let parts = all.flatMap { node -> [Node] in
            let others = node.ranks.filter { $0 != rank }
            guard others.count < node.ranks.count, !others.isEmpty else { return [node] }
            return [
                Node(hostName: node.hostName, ranks: [rank]), Node(hostName: node.hostName, ranks: others),
            ]
        }.sorted { $0.ranks[0] < $1.ranks[0] }
        return RankNodes(all: parts, own: parts.firstIndex { $0.ranks == [rank] } ?? own)
    }

    /// The part of this world that a group of its ranks occupies, one of them on this node.
    package func restricted(to ranks: [Int]) -> RankNodes {
        let own = all[own].ranks.first(where: ranks.contains)
        let parts = all.compactMap { node -> Node? in
            let members = node.ranks.filter(ranks.contains)
            return members.isEmpty ? nil : Node(hostName: node.hostName, ranks: members)
        }
        return RankNodes(
            all: parts, own: parts.firstIndex { part in own.map(part.ranks.contains) ?? false } ?? 0)
    }

    /// The number of ranks in the world.
    package var size: Int { all.reduce(0) { $0 + $1.ranks.count } }
    /// The host name of this rank's node.
    package var hostName: String { all[own].hostName }
    /// Whether rank 0 is on this rank's node.
    package var isFirst: Bool { own == 0 }

    package func hostName(of rank: Int) -> String {
        all.first { $0.ranks.contains(rank) }?.hostName ?? "an unknown node"
    }

    /// The other nodes, as text: `node02 (ranks 2, 3)`.
    package var others: String {
        let others = all.indices.filter { $0 != own }.map { all[$0] }
        let shown = others.prefix(3).map { node in
            let ranks = node.ranks.prefix(4).map(String.init).joined(separator: ", ")
            return "\(node.hostName) (\(node.ranks.count == 1 ? "rank" : "ranks") \(ranks)"
                + (node.ranks.count > 4 ? ", …)" : ")")
        }
        let more = others.count > 3 ? " and \(others.count - 3) more nodes" : ""
        return shown.joined(separator: ", ") + more
    }
}
