import Collectives
import Encoders
import Kernels
import Training

/// The activations at one cut point, one table per split.
///
/// Every rank computes the same bits, so ranks that share the memory may write an example at the same time. A
/// rank reads only its own writes, and those of other ranks from before a collective that both took part in.
final class ActivationTables {
    let cutPoint: CutPoint
    /// Matrices cached per example; the cut point's other matrices are recomputed.
    let matrices: Int
    let splits: UniqueSplits
    let model: AdaptedModel
    let memory: CacheMemory
    /// Activations at a lower cut point, from which missing ones are computed.
    let lower: ActivationTables?
    /// By split, the first float of each example; nil for an example without memory.
    private let offsets: [[Int?]]
    /// By split, whether each example can be read.
    private(set) var isCached: [[Bool]]

    init(
        at cutPoint: CutPoint, matrices: Int, _ context: RunContext, offsets: [[Int?]],
        in memory: CacheMemory,
        above lower: ActivationTables? = nil
    ) {
        self.cutPoint = cutPoint
        self.matrices = matrices
        cachesResidual = matrices == cutPoint.position.matrices
        (splits, model) = (context.splits, context.model)
        self.memory = memory
        self.lower = lower
        self.offsets = offsets
        isCached = offsets.map { $0.map { _ in false } }
    }

    /// The rows of an example's matrices: one per token, or one pooled vector.
    private func rows(_ example: Int, _ split: Int) -> Int {
        cutPoint.position == .pooled ? 1 : splits[split].tokens(example)
    }

    /// The floats cached for an example.
    func size(_ example: Int, _ split: Int) -> Int {
        matrices * rows(example, split) * model.weights.configuration.hidden
    }

    /// An example's memory, filled or not; nil if it has none.
    func values(_ example: Int, _ split: Int) -> UnsafeMutableBufferPointer<Float>? {
        offsets[split][example].map {
            UnsafeMutableBufferPointer(start: memory.floats + $0, count: size(example, split))
        }
    }

    /// Marks examples as cached; only after a collective that the computing rank took part in.
    func mark(_ examples: some Sequence<Int>, _ split: Int) {
        for example in examples where offsets[split][example] != nil { isCached[split][example] = true }
    }

    /// Broadcasts examples from a rank's memory, or from its `source`, into the memory of all ranks.
    ///
    /// A collective; another one must follow before the examples are read.
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

    /// Copies an example's activations into `state`; false if they are not cached.
    func read(_ example: Int, _ split: Int, into state: CutState) -> Bool {
        guard isCached[split][example], let offset = offsets[split][example] else { return false }
        var next = memory.floats + offset
        func take(_ matrix: Matrix) {
            matrix.base.update(from: next, count: matrix.count)
            next += matrix.count
        }
        if cachesResidual { take(state.residual) }
        if let heads = state.heads { take(heads) }
        return true
    }

    /// The pooled vectors of consecutive examples; nil if one is not cached, or for other examples.
    func pooledRows(_ examples: [Int], _ split: Int) -> FrozenMatrix? {
        guard let first = examples.first, let offset = offsets[split][first],
            examples.indices.allSatisfy({
                examples[$0] == first + $0 && isCached[split][first + $0]
            })
        else { return nil }
        return FrozenMatrix(memory.floats + offset, examples.count, model.weights.configuration.hidden)
    }

    /// Copies an example's activations from `state`, if it has memory.
    func write(_ example: Int, _ split: Int, from state: CutState) {
        guard var next = values(example, split)?.baseAddress else { return }
        for matrix in cached(state) {
            next.update(from: matrix.base, count: matrix.count)
            next += matrix.count
        }
    }

    /// The matrices of a state that are cached: all, or all but x.
    func cached(_ state: CutState) -> [Matrix] {
        (cachesResidual ? [state.residual] : []) + (state.heads.map { [$0] } ?? [])
    }

    /// Whether x is cached too, not only the heads' output.
    let cachesResidual: Bool

    /// Workspace memory for a batch's activations.
    func state(_ batch: PackedBatch, _ workspace: Workspace) -> CutState {
        let rows = cutPoint.position == .pooled ? batch.count : batch.tokens
        return CutState(
            at: cutPoint.position, rows: rows, width: model.weights.configuration.hidden, workspace)
    }
}
