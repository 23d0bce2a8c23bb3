import Collectives
import Encoders
import Kernels
import Training

/// The activations at one cut point, a table for each split.
///
/// Cached or recomputed, the bits are the same, so ranks that share the memory may write one example at once.
/// A rank reads only what it wrote itself, or what another wrote before a collective that both took part in.
final class ActivationTables {
    let cutPoint: CutPoint
    /// Matrices cached per example; the cut point's others are recomputed.
    let matrices: Int
    let splits: UniqueSplits
    let model: AdaptedEncoder
    let memory: CacheMemory
    /// Activations at a lower cut point, from which missing ones are computed.
    let lower: ActivationTables?
    /// By split, the first float of each example; nil for an example without memory.
    private let offsets: [[Int?]]
    /// By split, whether an example's activations are there to be read.
    private(set) var isCached: [[Bool]]

    init(
        at cutPoint: CutPoint, matrices: Int, _ context: RunContext, offsets: [[Int?]],
        in memory: CacheMemory,
        above lower: ActivationTables? = nil
    ) {
        self.cutPoint = cutPoint
        self.matrices = matrices
        (splits, model) = (context.splits, context.model)
        self.memory = memory
        self.lower = lower
        self.offsets = offsets
        isCached = offsets.map { $0.map { _ in false } }
    }

    /// How many rows an example's matrices have: one for each token, or one in all.
    private func rows(_ example: Int, _ split: Int) -> Int {
        cutPoint.position == .pooled ? 1 : splits[split].tokens(example)
    }

    /// How many floats are cached of an example.
    func size(_ example: Int, _ split: Int) -> Int {
        matrices * rows(example, split) * model.weights.configuration.hidden
    }

    /// An example's memory, cached or not yet; nil where it has none.
    func values(_ example: Int, _ split: Int) -> UnsafeMutableBufferPointer<Float>? {
        offsets[split][example].map {
            UnsafeMutableBufferPointer(start: memory.floats + $0, count: size(example, split))
        }
    }

    /// Marks examples as cached; only after a collective that the computing rank took part in.
    func mark(_ examples: some Sequence<Int>, _ split: Int) {
        for example in examples where offsets[split][example] != nil { isCached[split][example] = true }
    }

    /// Broadcasts examples from a rank's memory, or its `source`, into the memory of all ranks.
    ///
    /// A collective, to be followed by another before the examples are read.
    func broadcast(
        _ examples: [Int], _ split: Int, from root: Int, source: [Float]? = nil,
        _ communicator: any Communicator
    ) throws {
        var floats: [Float] = []
        if communicator.rank == root {
            floats = source ?? examples.compactMap { values($0, split) }.flatMap { Array($0) }
        }
        try communicator.broadcast(&floats, from: root)
        if !memory.isWriter { return }
        var rest = floats[...]
        for example in examples {
            let own = rest.prefix(size(example, split))
            _ = values(example, split)?.update(fromContentsOf: own)
            rest = rest.dropFirst(own.count)
        }
    }

    /// Copies an example's activations; false where they are not cached.
    func read(_ example: Int, _ split: Int, into state: CutState) -> Bool {
        guard isCached[split][example], var next = values(example, split)?.baseAddress else { return false }
        for matrix in cached(state) {
            matrix.base.update(from: next, count: matrix.count)
            next += matrix.count
        }
        return true
    }

    /// Writes an example's activations, where it has memory.
    func write(_ example: Int, _ split: Int, from state: CutState) {
        guard var next = values(example, split)?.baseAddress else { return }
        for matrix in cached(state) {
            next.update(from: matrix.base, count: matrix.count)
            next += matrix.count
        }
    }

    /// The matrices of a state that are cached; all but x where it is recomputed.
    func cached(_ state: CutState) -> [Matrix] {
        (cachesResidual ? [state.residual] : []) + (state.heads.map { [$0] } ?? [])
    }

    var cachesResidual: Bool { matrices == cutPoint.position.matrices }

    /// Memory of the workspace for a batch's activations.
    func state(_ batch: PackedBatch, _ workspace: Workspace) -> CutState {
        let rows = cutPoint.position == .pooled ? batch.count : batch.tokens
        return CutState(
            at: cutPoint.position, rows: rows, width: model.weights.configuration.hidden, workspace)
    }
}
