import Encoders
import Kernels
import Training

/// A batch of a split's examples whose forward starts at cached activations.
struct CachedBatch: CachedStart {
    let tables: ActivationTables
    let split: Int
    let examples: [Int]
    let batch: PackedBatch

    init(_ tables: ActivationTables, _ examples: [Int], _ split: Int, _ batch: PackedBatch? = nil) {
        self.tables = tables
        self.split = split
        self.examples = examples
        self.batch = batch ?? tables.splits[split].batch(examples)
    }

    var cutPoint: CutPoint { tables.cutPoint }

    /// Reads the cached examples, computes the others, and caches those that have memory.
    func fill(_ state: CutState, _ workspace: Workspace) {
        if !tables.cachesResidual {
            tables.model.encoder().activations(
                at: .firstLayer, batch, into: CutState(residual: state.residual), workspace)
        }
        let missing = timed(.cache) {
            examples.indices.filter { !tables.read(examples[$0], split, into: state.rows(rows($0))) }
        }
        if missing.isEmpty { return }
        let mark = workspace.mark
        let isWhole = missing.count == examples.count
        let rest = isWhole ? self : CachedBatch(tables, missing.map { examples[$0] }, split)
        let computed = isWhole ? state : tables.state(rest.batch, workspace)
        rest.compute(into: computed, workspace)
        timed(.cache) {
            for (position, sequence) in missing.enumerated() {
                let rows = computed.rows(rest.rows(position))
                tables.write(examples[sequence], split, from: rows)
                if !isWhole { state.rows(self.rows(sequence)).copy(from: rows) }
            }
        }
        workspace.release(to: mark)
    }

    /// Computes the whole batch, from the lower cut point if there is one.
    private func compute(into state: CutState, _ workspace: Workspace) {
        let start = tables.lower.map { CachedBatch($0, examples, split, batch) }
        tables.model.frozenActivations(at: cutPoint, batch, start: start, into: state, workspace)
    }

    /// The rows of a sequence: one per token, or one pooled vector.
    private func rows(_ sequence: Int) -> Range<Int> {
        cutPoint.position == .pooled ? sequence..<sequence + 1 : batch.range(sequence)
    }
}
