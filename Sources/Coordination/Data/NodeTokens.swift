package import Collectives
package import Diagnostics
import Encoders
package import Training

/// Tokens of texts that the ranks of a node share: each tokenizes a part, and all read the whole.
///
/// Ranks of the world that read other texts, or have another tokenizer, are refused.
///
/// If shared memory cannot be allocated, each rank tokenizes all texts into memory of its own.
package final class NodeTokens: TokenMemory {
    private let world: any Communicator
    private let node: any Communicator
    package private(set) var refusal: Failure?

    /// The name in /proc/PID/maps, `/memfd:hadamesh-tokens`.
    static let name = "hadamesh-tokens"

    /// Memory of this rank's node; a collective of the world.
    package init(_ world: any Communicator) throws {
        self.world = world
        node = try world.nodeCommunicator()
    }

    /// A rank's part, as the other ranks of its node know it.
    private struct Summary: Codable {
        let texts: Int
        let tokens: Int
        let bounds: TokenBounds
    }

    package func tokens(
        of texts: TextsIdentity, _ tokenize: (Range<Int>) throws -> TokenPart
    ) throws -> FilledTokens {
        let count = texts.count
        if world.size > 1 {
            var agreement = RankAgreement()
            // Otherwise a node's ranks could tokenize the parts of one split differently.
            agreement.add("tokenizer", "checksum \(texts.tokenizer)")
            agreement.add("data of \(texts.name)", "\(count) texts of checksum \(texts.checksum)")
            try agreement.check(world)
        }
        guard node.size > 1, count > 0 else { return try together { try FilledTokens(tokenize(0..<count)) } }
        let own = try together {
            try tokenize(count * node.rank / node.size..<count * (node.rank + 1) / node.size)
        }
        let parts = try fromEach(
            node, Summary(texts: own.size.texts, tokens: own.size.tokens, bounds: own.bounds))
        let size = TokenTableSize(texts: count, tokens: parts.reduce(0) { $0 + $1.tokens })
        switch try NodeSharedMemory.make(byteCount: size.bytes, in: nil, named: Self.name, among: node) {
        case .failure(let unavailable):
            refusal = .data(
                "each rank tokenizes all texts into memory of its own: \(unavailable.reason)",
                remedy: "results do not depend on it")
            return try FilledTokens(tokenize(0..<count))
        case .success(let memory):
            let before = parts.prefix(node.rank)
            own.write(
                into: memory.bytes, of: size,
                after: TokenTableSize(
                    texts: before.reduce(0) { $0 + $1.texts }, tokens: before.reduce(0) { $0 + $1.tokens }))
            // The fence between the ranks' writes and their reads.
            try node.barrier()
            memory.seal()
            let bounds = parts.reduce(into: TokenBounds()) { $0.add($1.bounds) }
            return FilledTokens(
                size, bounds,
                in: FilledMemory(UnsafeRawBufferPointer(memory.bytes), owner: memory, isShared: true))
        }
    }

    package func together<Value>(_ body: () throws -> Value) throws -> Value {
        world.size > 1 ? try allOrNone(world, body) : try body()
    }
}
