public import Collectives
public import Diagnostics
public import Encoders

/// Memory for converted weights that the ranks of a host share: the first of them converts, the others wait and read.
///
/// Ranks that have none to share, or are alone on their host, have a copy each.
public final class HostWeightMemory: WeightMemory {
    private let world: any Communicator
    private let directory: String?
    /// Why ranks of a host had to make a copy each, equal on all ranks of the world; nil where none had to.
    public private(set) var refusal: Failure?

    /// What the system's lists of mapped memory call it: `/memfd:hadamesh-weights`.
    static let name = "hadamesh-weights"

    /// Memory for all ranks of a world, in a folder of each host's disk where one is given.
    public init(_ world: any Communicator, in directory: String? = nil) {
        self.world = world
        self.directory = directory
    }

    /// Makes memory and has it filled; a collective of the world.
    public func filled(byteCount: Int, by fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
        -> FilledMemory
    {
        let needs = try world.allGather([Int64(byteCount)]).map { $0[0] }
        if let other = needs.firstIndex(where: { $0 != needs[0] }) {
            throw Failure.data(
                "rank 0 finds \(needs[0]) bytes of weights to convert, rank \(other) \(needs[other])",
                at: "backbone", remedy: "all ranks must see the same files")
        }
        guard byteCount > 0 else { return try PrivateMemory().filled(byteCount: 0, by: fill) }
        let memory = try shared(byteCount)
        let filled = try together(world) {
            guard let memory else { return try PrivateMemory().filled(byteCount: byteCount, by: fill) }
            if memory.isFirst { try fill(memory.node.bytes) }
            return FilledMemory(
                UnsafeRawBufferPointer(memory.node.bytes), owner: memory.node, isShared: true)
        }
        // All have met since the first rank wrote.
        memory?.node.seal()
        return filled
    }

    /// The memory of this rank's host, and whether this rank is its first; nil for a copy of its own.
    private func shared(_ byteCount: Int) throws -> (node: NodeMemory, isFirst: Bool)? {
        let host = try world.sharingMemory()
        var memory: NodeMemory?
        var why: String?
        if host.size > 1 {
            switch try NodeMemory.make(
                byteCount: byteCount, in: directory, named: Self.name, among: host)
            {
            case .success(let made): memory = made
            case .failure(let refusal): why = refusal.why
            }
        }
        // A host's ranks are refused alike: its first one stands for it.
        let hosts = try world.allGather([host.rank == 0 ? 1 : 0, host.rank == 0 && why != nil ? 1 : 0])
        if let first = hosts.firstIndex(where: { $0[1] == 1 }) {
            var words = Array((why ?? "").utf8)
            try world.broadcast(&words, from: first)
            let (refused, all) = hosts.reduce((0, 0)) { ($0.0 + $1[1], $0.1 + $1[0]) }
            refusal = .data(
                "each rank has its own copy of the converted weights, \(byteCount >> 20) MB, on \(refused) of \(all) "
                    + "\(all == 1 ? "host" : "hosts"): \(String(decoding: words, as: UTF8.self))",
                remedy: "a checkpoint stored as F32 needs no conversion")
        }
        return memory.map { ($0, host.rank == 0) }
    }
}
