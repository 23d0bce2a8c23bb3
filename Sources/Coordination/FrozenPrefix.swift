import Collectives
import Encoders
import Formats
import Kernels
import Tasks
import Training

// The layers below the lowest adapted one give an example the same numbers each time it is drawn, so they are kept: 4 d
// bytes a token, in memory that the ranks of a host share. The example's row in the table is found by its place in the
// data that this run has read, the table has no name and dies with the run: it can't belong to another backbone,
// tokenizer or file.

/// What the layers below the lowest adapted one give to each example, computed once on each host while there is room.
///
/// Kept or computed anew, the bits are the same. Who computed what is known to all ranks from the plan, so that a rank reads
/// only what was written before a collective that both were in.
final class FrozenPrefix {
    /// The lowest adapted layer.
    let layer: Int
    private let model: AdaptedEncoder
    private let data: [TaskData]
    private let memory: NodeMemory
    /// The host of each rank, and this rank's.
    private let hosts: [Int]
    private let own: Int
    private var tables: [FeatureSource: Table]

    /// Where a split's examples lie.
    private struct Table {
        /// In floats; nil for an example that has no room.
        let offsets: [Int?]
        var known: [Bool]
    }

    private init(
        _ model: AdaptedEncoder, _ data: [TaskData], layer: Int, _ memory: NodeMemory,
        _ offsets: [FeatureSource: [Int?]], hosts: [Int], own: Int
    ) {
        self.model = model
        self.data = data
        self.layer = layer
        self.memory = memory
        self.hosts = hosts
        self.own = own
        tables = offsets.mapValues { Table(offsets: $0, known: [Bool](repeating: false, count: $0.count)) }
    }

    /// Decides whether to keep anything, and makes room for it; equal on all ranks of a host.
    ///
    /// - Returns: the table, nil for none; and what was decided, for the journal
    static func make(_ context: RunContext, _ communicator: any Communicator) throws
        -> (prefix: FrozenPrefix?, report: FrozenPrefixReport?)
    {
        guard let schedule = context.stages.first(where: { $0.stage != .head }) else { return (nil, nil) }
        let plan = FrozenPrefixPlan(context, schedule)
        if plan.bytes == 0 { return (nil, plan.report(given: 0, why: nil)) }
        let host = try communicator.sharingMemory()
        // A host is known by its first rank.
        var first = [Int64(communicator.rank)]
        try host.broadcast(&first, from: 0)
        let hosts = try communicator.allGather(first).map { Int($0[0]) }
        switch try NodeMemory.make(
            byteCount: plan.bytes, in: context.study.cache.directory, among: host)
        {
        case .failure(let refusal): return (nil, plan.report(given: 0, why: refusal.why))
        case .success(let memory):
            let prefix = FrozenPrefix(
                context.model, context.data, layer: plan.layer, memory, plan.offsets, hosts: hosts,
                own: hosts[communicator.rank])
            return (prefix, plan.report(given: plan.bytes, why: nil))
        }
    }

    /// The input of the lowest adapted layer for examples of a split, in their order.
    func input(_ examples: [Int], _ source: FeatureSource, _ batch: PackedBatch) -> FrozenInput {
        FrozenInput(layer: layer) { x, workspace in self.fill(x, examples, source, batch, workspace) }
    }

    private func fill(
        _ x: Matrix, _ examples: [Int], _ source: FeatureSource, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        let table = tables[source]
        var missing: [Int] = []
        timed(.cache) {
            for (sequence, example) in examples.enumerated() {
                if let rows = kept(example, table, tokens: batch.range(sequence).count, ifKnown: true) {
                    x.rows(batch.range(sequence)).copy(from: rows)
                } else {
                    missing.append(sequence)
                }
            }
        }
        if missing.isEmpty { return }
        let encoder = model.encoder()
        if missing.count == examples.count {
            encoder.frozenInput(of: layer, batch, into: x, workspace)
        } else {
            let mark = workspace.mark
            let part = data.split(source).batch(missing.map { examples[$0] })
            let computed = workspace.matrix(part.tokens, x.columns)
            encoder.frozenInput(of: layer, part, into: computed, workspace)
            for (position, sequence) in missing.enumerated() {
                x.rows(batch.range(sequence)).copy(from: computed.rows(part.range(position)))
            }
            workspace.release(to: mark)
        }
        timed(.cache) {
            for sequence in missing { keep(x.rows(batch.range(sequence)), examples[sequence], source) }
        }
    }

    /// Keeps what was computed of an example, where it has room.
    func keep(_ rows: Matrix, _ example: Int, _ source: FeatureSource) {
        kept(example, tables[source], tokens: rows.rows, ifKnown: false)?.copy(from: rows)
    }

    /// Takes note that ranks have computed examples, after a collective in which all of them were.
    func note(_ examples: some Sequence<Int>, _ source: FeatureSource, by rank: Int) {
        guard hosts[rank] == own, tables[source] != nil else { return }
        for example in examples { tables[source]?.known[example] = true }
    }

    private func kept(_ example: Int, _ table: Table?, tokens: Int, ifKnown: Bool) -> Matrix? {
        guard let table, let offset = table.offsets[example], table.known[example] || !ifKnown,
            let start = memory.bytes.baseAddress
        else { return nil }
        let floats = start.assumingMemoryBound(to: Float.self)
        return Matrix(floats + offset, tokens, model.weights.configuration.hidden)
    }
}
