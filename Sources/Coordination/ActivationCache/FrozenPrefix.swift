import Collectives
import Diagnostics
import Encoders
import Formats
import Kernels
import Runs
import Studies
import Tasks
import Training

// What lies below the lowest thing that acts gives an example the same numbers each time it is drawn, so they are kept: 4 d
// bytes a token, or twice that where attention of the lowest adapted layer is frozen too, in memory that the ranks of a
// host share. The example's row in the table is found by its place in the data that this run has read, the table has no
// name and dies with the run: it can't belong to another backbone, tokenizer or file.

/// What the frozen part of the encoder gives to each example, computed once on each host while there is room.
///
/// Kept or computed anew, the bits are the same. Who computed what is known to all ranks from the plan, so that a rank reads
/// only what was written before a collective that both were in.
final class FrozenPrefix {
    /// How much is frozen.
    private let depth: FrozenDepth
    /// How many matrices of an example's tokens are kept.
    private let matrices: Int
    private let model: AdaptedEncoder
    private let splits: DistinctSplits
    private let memory: NodeMemory
    /// The host of each rank, and this rank's.
    private let hosts: [Int]
    private let own: Int
    /// By split.
    private var tables: [Table]

    /// Where a split's examples lie.
    private struct Table {
        /// In floats; nil for an example that has no room.
        let offsets: [Int?]
        var known: [Bool]
        /// How many examples an earlier run knew.
        var found = 0
    }

    private init(
        _ model: AdaptedEncoder, _ splits: DistinctSplits, _ plan: FrozenPrefixPlan, _ memory: NodeMemory,
        hosts: [Int], own: Int
    ) {
        self.model = model
        self.splits = splits
        (depth, matrices) = (plan.depth, plan.matrices)
        self.memory = memory
        self.hosts = hosts
        self.own = own
        tables = plan.offsets.map {
            Table(offsets: $0, known: [Bool](repeating: false, count: $0.count))
        }
    }

    /// Decides whether to keep anything, and makes room for it; equal on all ranks of a host.
    ///
    /// - Returns: the table, nil for none; and what was decided, for the journal
    static func make(_ context: RunContext, _ communicator: any Communicator) throws
        -> (prefix: FrozenPrefix?, report: FrozenPrefixReport?)
    {
        guard let schedule = context.stages.first(where: { $0.stage != .head }) else { return (nil, nil) }
        let plan = try FrozenPrefixPlan(context, schedule)
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
                context.model, context.splits, plan, memory, hosts: hosts, own: hosts[communicator.rank])
            return (prefix, plan.report(given: plan.bytes, why: nil))
        }
    }

    // MARK: Other runs

    /// Where other runs leave the same; nil where that isn't worth a file.
    private func folder(_ directory: String) -> FeatureFolder? {
        FrozenPrefixPlan.holdsLayers(depth) ? .prefix(directory, model, depth, matrices: matrices) : nil
    }

    /// How many numbers are kept of an example.
    private func size(_ example: Int, of split: TokenizedExamples) -> Int {
        matrices * split.tokens(example) * model.weights.configuration.hidden
    }

    /// Takes what earlier runs left, as far as there is room for it; a collective.
    ///
    /// - Returns: how many examples were found; on rank 0 also what could not be used
    func find(in directory: String, _ communicator: any Communicator, _ workspace: Workspace) throws -> (
        examples: Int, refused: [Failure]
    ) {
        var (examples, refused) = (0, [Failure]())
        guard let folder = folder(directory) else { return (examples, refused) }
        for (number, split) in splits.splits.enumerated() {
            let found = try folder.find(
                split, sizes: (0..<split.count).map { size($0, of: split) }, communicator
            ) { example in
                workspace.reset()
                return self.parts(self.computed(split.batch([example]), workspace)).flatMap {
                    Array(UnsafeBufferPointer(start: $0.base, count: $0.count))
                }
            } take: { example, values in
                guard let offset = tables[number].offsets[example], let from = values.baseAddress else {
                    return
                }
                // A host is known by its first rank, which writes for all of it.
                if communicator.rank == own { floats(offset).update(from: from, count: values.count) }
                tables[number].known[example] = true
                examples += 1
            }
            if let failure = found.refused { refused.append(failure) }
            tables[number].found = found.known.count(where: \.self)
        }
        try communicator.barrier()
        return (examples, refused)
    }

    /// Leaves for later runs what this host knows, where that is more than an earlier run left.
    func leave(in directory: String) throws {
        guard let folder = folder(directory) else { return }
        for (number, table) in tables.enumerated() where table.known.count(where: \.self) > table.found {
            let split = splits[number]
            let known = table.known.indices.filter { table.known[$0] }
            try folder.leave(
                known.compactMap { example in
                    table.offsets[example].map {
                        UnsafeBufferPointer(start: floats($0), count: size(example, of: split))
                    }
                }, known: table.known, of: split)
            tables[number].found = known.count
        }
    }

    // MARK: This run

    /// What a forward over examples of a split begins with, in their order.
    func input(_ examples: [Int], _ split: Int, _ batch: PackedBatch) -> FrozenInput {
        FrozenInput(at: depth) { state, workspace in
            self.fill(state, examples, split, batch, workspace)
        }
    }

    private func fill(
        _ state: FrozenState, _ examples: [Int], _ split: Int, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        let table = tables[split]
        let encoder = model.encoder()
        // The embeddings are sooner made anew than kept.
        if !keepsResidual {
            encoder.frozenState(
                at: FrozenDepth(layer: 0), batch, into: FrozenState(residual: state.residual), workspace)
        }
        var missing: [Int] = []
        timed(.cache) {
            for (sequence, example) in examples.enumerated() {
                if let rows = kept(example, table, tokens: batch.range(sequence).count, ifKnown: true) {
                    for (part, kept) in zip(parts(state.rows(batch.range(sequence))), rows) {
                        part.copy(from: kept)
                    }
                } else {
                    missing.append(sequence)
                }
            }
        }
        if missing.isEmpty { return }
        if missing.count == examples.count {
            encoder.frozenState(at: depth, batch, into: state, workspace)
        } else {
            let mark = workspace.mark
            let part = splits[split].batch(missing.map { examples[$0] })
            let computed = computed(part, workspace)
            for (position, sequence) in missing.enumerated() {
                let tokens = batch.range(sequence)
                for (to, from) in zip(parts(state.rows(tokens)), parts(computed.rows(part.range(position)))) {
                    to.copy(from: from)
                }
            }
            workspace.release(to: mark)
        }
        timed(.cache) {
            for sequence in missing {
                let tokens = batch.range(sequence)
                guard let rows = kept(examples[sequence], table, tokens: tokens.count, ifKnown: false)
                else { continue }
                for (part, kept) in zip(parts(state.rows(tokens)), rows) { kept.copy(from: part) }
            }
        }
    }

    /// What the frozen layers give to a batch, in memory of the workspace.
    private func computed(_ batch: PackedBatch, _ workspace: Workspace) -> FrozenState {
        func memory() -> Matrix { workspace.matrix(batch.tokens, model.weights.configuration.hidden) }
        let state = FrozenState(residual: memory(), heads: depth.point == .heads ? memory() : nil)
        model.encoder().frozenState(at: depth, batch, into: state, workspace)
        return state
    }

    private var keepsResidual: Bool { matrices == depth.point.matrices }

    /// What is kept of a state.
    private func parts(_ state: FrozenState) -> [Matrix] {
        (keepsResidual ? [state.residual] : []) + (state.heads.map { [$0] } ?? [])
    }

    /// Takes note that ranks have computed examples, after a collective in which all of them were.
    func note(_ examples: some Sequence<Int>, _ split: Int, by rank: Int) {
        guard hosts[rank] == own else { return }
        for example in examples where tables[split].offsets[example] != nil {
            tables[split].known[example] = true
        }
    }

    /// An example's place in memory, where it has one: a matrix for each part.
    private func kept(_ example: Int, _ table: Table, tokens: Int, ifKnown: Bool) -> [Matrix]? {
        guard let offset = table.offsets[example], table.known[example] || !ifKnown else { return nil }
        let (floats, width) = (floats(offset), model.weights.configuration.hidden)
        return (0..<matrices).map { Matrix(floats + $0 * tokens * width, tokens, width) }
    }

    /// Where memory has the number at an offset.
    private func floats(_ offset: Int) -> UnsafeMutablePointer<Float> {
        guard let start = memory.bytes.baseAddress else { preconditionFailure("memory of no bytes") }
        return start.assumingMemoryBound(to: Float.self) + offset
    }
}
