package import Collectives
package import Diagnostics
package import Encoders

/// Memory for weights that the ranks of a node share: the first of them fills it, the others wait and read.
///
/// If shared memory cannot be allocated, each rank has its own copy of converted weights, and prepacked
/// weights are left out.
package final class NodeWeightMemory: WeightMemory {
    let world: any Communicator
    private let directory: String?
    /// A warning for each allocation that failed on some node; equal on all ranks of the world.
    package private(set) var refusals: [Failure] = []

    /// The name of converted weights in /proc/PID/maps, `/memfd:hadamesh-weights`.
    static let name = "hadamesh-weights"
    /// The name of prepacked weights there.
    static let prepackedName = "hadamesh-weights-prepacked"

    /// Memory for all ranks of a world, in RAM or in a folder on each node's disk.
    package init(_ world: any Communicator, in directory: String? = nil) {
        self.world = world
        self.directory = directory
    }

    /// Allocates and fills memory; a collective of the world.
    ///
    /// A rank that is alone on its node allocates private memory.
    package func allocate(
        byteCount: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory {
        try checkAgreement(on: byteCount)
        guard byteCount > 0 else { return try PrivateMemory().allocate(byteCount: 0, filledBy: fill) }
        let node = try world.nodeCommunicator()
        let memory = try shared(byteCount, among: node, evenAlone: false) { refused in
            .data(
                "each rank has its own copy of the converted weights, \(byteCount >> 20) MB, \(refused)",
                remedy: "a checkpoint stored as F32 needs no conversion")
        }
        let filled = try allOrNone(world) {
            try memory.map { try Self.filled($0, by: node, fill) }
                ?? PrivateMemory().allocate(byteCount: byteCount, filledBy: fill)
        }
        // The collective above came after the first rank's writes.
        memory?.seal()
        return filled
    }

    /// Like ``allocate(byteCount:filledBy:)``, but nil on a node that cannot allocate shared memory.
    package func allocateIfAvailable(
        byteCount: Int, layout: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory? {
        try checkAgreement(on: byteCount, layout: layout)
        guard byteCount > 0 else { return try PrivateMemory().allocate(byteCount: 0, filledBy: fill) }
        let node = try world.nodeCommunicator()
        // Kernels of other widths give the same bits but read another layout: the node has its first rank's.
        let layouts = try node.allGather([Int64(byteCount), Int64(layout)])
        let fits = layouts[node.rank] == layouts[0]
        let byteCount = Int(layouts[0][0])
        if try world.allReduce(Int32(fits ? 0 : 1), .max) == 1 {
            refusals.append(
                .data(
                    "ranks of one node have kernels of different widths: weights are prepacked for its first "
                        + "rank only, so products on the others take longer",
                    remedy:
                        "set HADAMESH_KERNELS to the same value for all ranks of a node; results do "
                        + "not depend on it"
                ))
        }
        let memory = try shared(byteCount, among: node, evenAlone: true) { refused in
            .data(
                "frozen weights are not prepacked, so products take longer, \(refused)",
                remedy: "results do not depend on it; prepacking takes \(byteCount >> 20) MB per node")
        }
        let filled = try allOrNone(world) { try memory.map { try Self.filled($0, by: node, fill) } }
        memory?.seal()
        return fits ? filled : nil
    }

    private static func filled(
        _ memory: NodeSharedMemory, by node: any Communicator,
        _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory {
        if node.rank == 0 { try fill(memory.bytes) }
        return FilledMemory(
            UnsafeRawBufferPointer(memory.bytes), owner: memory, isShared: node.size > 1)
    }

    /// Refuses ranks that ask for different amounts of memory for the same layout: their files differ.
    private func checkAgreement(on byteCount: Int, layout: Int = 0) throws {
        let needs = try world.allGather([Int64(byteCount), Int64(layout)])
        for (rank, need) in needs.enumerated() {
            guard let first = needs.firstIndex(where: { $0[1] == need[1] }), needs[first] != need else {
                continue
            }
            throw Failure.data(
                "rank \(first) needs \(needs[first][0]) bytes of memory for weights, but rank "
                    + "\(rank) needs \(need[0])",
                at: "backbone", remedy: "all ranks must see the same files")
        }
    }

    /// The shared memory of this rank's node; nil, with a refusal on all ranks, if it cannot be allocated.
    private func shared(
        _ byteCount: Int, among node: any Communicator, evenAlone: Bool, _ failure: (String) -> Failure
    ) throws -> NodeSharedMemory? {
        var memory: NodeSharedMemory?
        var why: String?
        if node.size > 1 || evenAlone {
            switch try NodeSharedMemory.make(
                byteCount: byteCount, in: directory, named: evenAlone ? Self.prepackedName : Self.name,
                among: node)
            {
            case .success(let made): memory = made
            case .failure(let unavailable): why = unavailable.reason
            }
        }
        // All ranks of a node are refused together, so its first rank reports for it.
        let nodes = try world.allGather([node.rank == 0 ? 1 : 0, node.rank == 0 && why != nil ? 1 : 0])
        if let first = nodes.firstIndex(where: { $0[1] == 1 }) {
            var words = Array((why ?? "").utf8)
            try world.broadcast(&words, from: first)
            let (refused, all) = nodes.reduce((0, 0)) { ($0.0 + $1[1], $0.1 + $1[0]) }
            refusals.append(
                failure(
                    "on \(refused) of \(all) \(all == 1 ? "node" : "nodes"): "
                        + String(decoding: words, as: UTF8.self)
                ))
        }
        return memory
    }
}
