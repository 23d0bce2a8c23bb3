import Collectives
import Diagnostics
import Encoders
import Kernels
import Runs
import Studies
import Training

// Below the lowest adapted site an example's activations never change, so we cache them: 4·d bytes per token
// (8·d if attention is frozen too), and one pooled vector per example for the head stage, in anonymous memory
// shared by the ranks of a node. The cache ends with the run, so it cannot be mistaken for another
// backbone's. It keeps floats in every arithmetic: at each cut point a residual, a hook or the pooling reads
// the activations before a product rounds them. An ``ActivationStore`` outlives it, in files named after
// everything the activations depend on.

/// Activations of the frozen backbone, computed once and read by every later forward.
///
/// It has tables at two cut points: the highest one below all adapted sites, where the adapter stage's
/// forward starts, and the pooled vectors, which are all that the head stage reads. The bits depend neither
/// on the batch in which an example is computed nor on the rank. The rank that computes an example follows
/// from the plan, so ranks that share memory exchange nothing.
final class ActivationCache {
    private let context: RunContext
    private let communicator: any Communicator
    private let workspace: Workspace
    private var adapter: ActivationTables?
    private var pooled: ActivationTables?
    private var adapterStore: ActivationStore?
    private var pooledStore: ActivationStore?

    /// An empty cache, unused until ``allocate(for:)``.
    init(_ context: RunContext, _ communicator: any Communicator, _ workspace: Workspace) {
        self.context = context
        self.communicator = communicator
        self.workspace = workspace
    }

    // MARK: Allocating

    /// Allocates the tables for a run that begins in a stage, and fills them from earlier runs; a collective.
    ///
    /// - Returns: the decision, and on rank 0 a warning for each file that was refused
    func allocate(for stage: AdaptedModel.Stage) throws -> (
        report: ActivationCacheReport, warnings: [Failure]
    ) {
        let node = try CacheMemory.Node(communicator)
        let plan = try ActivationCachePlan(context)
        var warnings: [Failure] = []
        var refusal: String?
        if plan.bytes > 0 {
            switch try NodeSharedMemory.make(
                byteCount: plan.bytes, in: context.study.cache.directory, among: node.ranks)
            {
            case .failure(let refused): refusal = refused.reason
            case .success(let memory):
                adapter = ActivationTables(
                    at: plan.cutPoint, matrices: plan.matrices, context, offsets: plan.offsets,
                    in: CacheMemory(memory, node))
            }
        }
        if stage == .head { pooled = try pooledTables(node, &warnings) }
        var report = plan.report(given: adapter == nil ? 0 : plan.bytes, refusal: refusal)
        if let directory = context.study.cache.features {
            if plan.isWorthStoring { adapterStore = adapter.map { ActivationStore(directory, $0) } }
            // Reading is a collective, and a node without memory has no tables.
            if try communicator.allReduce(Int32(adapterStore == nil ? 1 : 0), .max) == 0 {
                report.found = try adapterStore?.read(communicator, workspace, &warnings) ?? 0
            }
            pooledStore = pooled.map { ActivationStore(directory, $0) }
            report.foundPooled = try pooledStore?.read(communicator, workspace, &warnings) ?? 0
        }
        return (report, warnings)
    }

    /// Tables of all pooled vectors, in memory of the node or, if that cannot be allocated, of each rank.
    private func pooledTables(_ node: CacheMemory.Node, _ warnings: inout [Failure]) throws
        -> ActivationTables
    {
        let (width, splits) = (context.model.weights.configuration.hidden, context.splits.splits)
        var count = 0
        let offsets = splits.map { split in
            (0..<split.count).map { _ -> Int? in
                defer { count += width }
                return count
            }
        }
        let bytes = count * MemoryLayout<Float>.stride
        var memory: CacheMemory?
        if node.ranks.size > 1, bytes > 0 {
            switch try NodeSharedMemory.make(
                byteCount: bytes, in: nil, named: "hadamesh-pooled", among: node.ranks)
            {
            case .success(let shared): memory = CacheMemory(shared, node)
            case .failure(let refusal):
                warnings.append(
                    .data(
                        "each rank caches the pooled vectors itself, \(bytes >> 20) MB: \(refusal.reason)",
                        remedy: "start fewer ranks per node to use less"))
            }
        }
        return ActivationTables(
            at: CutPoint(layer: context.model.weights.configuration.layers, .pooled), matrices: 1, context,
            offsets: offsets, in: memory ?? CacheMemory(count: count, communicator), above: adapter)
    }

    // MARK: Forwards

    /// The start of a batch's forward: the adapters' cut point if adapted, otherwise the pooled vectors; nil
    /// for the tokens.
    func start(_ examples: [Int], _ split: Int, _ batch: PackedBatch, adapted: Bool) -> (any CachedStart)? {
        (adapted ? adapter : pooled).map { CachedBatch($0, examples, split, batch) }
    }

    /// Pooled vectors [B, d] that lie one after another in the cache; nil if any is elsewhere or not cached.
    func pooledRows(_ examples: [Int], _ split: Int) -> FrozenMatrix? { pooled?.pooledRows(examples, split) }

    /// Marks examples that a rank has computed as cached; only after a collective that it took part in.
    func mark(_ examples: some Sequence<Int>, _ split: Int, adapted: Bool, by rank: Int) {
        guard let tables = adapted ? adapter : pooled, tables.memory.isShared[rank] else { return }
        tables.mark(examples, split)
    }

    /// Stores a stage's activations for later runs, if earlier runs stored fewer.
    func store(_ stage: AdaptedModel.Stage) throws {
        if stage == .head { try pooledStore?.write() } else { try adapterStore?.write() }
    }

    // MARK: Pooled vectors

    /// Whether all examples of a chunk are cached.
    func isCached(_ chunk: PooledChunk) -> Bool {
        pooled.map { pooled in examples(of: chunk).allSatisfy { pooled.isCached[chunk.split][$0] } } ?? true
    }

    /// The estimated cost of a chunk.
    func cost(_ chunk: PooledChunk) -> Double {
        Coordination.cost(of: examples(of: chunk), in: context.splits[chunk.split])
    }

    /// Computes this rank's chunks, and shares all chunks with every rank; a collective.
    func compute(_ chunks: [PooledChunk], ranks: [Int]) throws {
        guard let pooled else { return }
        // The forward to the pooled vectors passes the adapters' cut point and fills its table too.
        let missing = chunks.map { chunk in
            examples(of: chunk).filter { !pooled.isCached[chunk.split][$0] }
        }
        for (index, (chunk, rank)) in zip(chunks, ranks).enumerated() where rank == communicator.rank {
            communicator.watch?.enter(microBatch: index + 1)
            workspace.reset()
            let batch = CachedBatch(pooled, missing[index], chunk.split)
            batch.fill(pooled.state(batch.batch, workspace), workspace)
        }
        if pooled.memory.isShared.contains(false) {
            for (index, (chunk, rank)) in zip(chunks, ranks).enumerated() {
                try timed(.sum) {
                    try pooled.broadcast(missing[index], chunk.split, from: rank, communicator)
                }
            }
        }
        try communicator.barrier()
        for (index, (chunk, rank)) in zip(chunks, ranks).enumerated() {
            mark(missing[index], chunk.split, adapted: true, by: rank)
            pooled.mark(missing[index], chunk.split)
        }
    }

    private func examples(of chunk: PooledChunk) -> Range<Int> {
        chunk.examples(of: context.splits[chunk.split].count)
    }
}
