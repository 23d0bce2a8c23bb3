import Collectives
import Encoders
import Kernels
import Tasks
import Training

/// Where features come from: a task's training split, or one of its evaluation sets.
package struct FeatureSource: Hashable, Sendable {
    let task: Int
    /// The evaluation set's index; nil for the training split.
    let set: Int?

    package init(task: Int, set: Int?) {
        self.task = task
        self.set = set
    }
}

extension [TaskData] {
    /// The whole split that examples of a source are numbered in.
    func split(_ source: FeatureSource) -> TokenizedExamples {
        source.set.map { self[source.task].sets[$0].examples } ?? self[source.task].train
    }
}

/// Consecutive examples of a split whose features are computed together.
package struct FeatureChunk: Hashable, Sendable {
    let source: FeatureSource
    let index: Int

    package init(source: FeatureSource, index: Int) {
        self.source = source
        self.index = index
    }
}

/// The frozen backbone's pooled vector of each example, computed once: all that the head stage needs of the encoder.
///
/// An example's vector has the same bits in whatever batch it is computed, so it doesn't matter which rank computes it, or
/// when. Chunks of consecutive examples are what ranks are given to do.
final class FrozenFeatures {
    private static let examplesPerChunk = 8

    private let model: AdaptedEncoder
    private let data: [TaskData]
    private var tables: [FeatureSource: Table] = [:]
    /// Where what the adapter stage needs of it is kept on the way.
    var prefix: FrozenPrefix?

    private struct Table {
        let rows: Matrix
        let buffer: FloatBuffer
        var known: [Bool]
    }

    init(_ model: AdaptedEncoder, _ data: [TaskData]) {
        self.model = model
        self.data = data
    }

    /// The source of an evaluation set: held-out examples are rows of the training split.
    func source(task: Int, set: Int) -> FeatureSource {
        FeatureSource(task: task, set: data[task].sets[set].split == .train ? nil : set)
    }

    /// The chunks that these examples lie in, ascending.
    func chunks(of examples: some Sequence<Int>, _ source: FeatureSource) -> [FeatureChunk] {
        Set(examples.map { $0 / Self.examplesPerChunk }).sorted().map {
            FeatureChunk(source: source, index: $0)
        }
    }

    /// What a chunk costs.
    func cost(_ chunk: FeatureChunk) -> Double {
        Coordination.cost(of: examples(of: chunk), in: data.split(chunk.source))
    }

    /// Computes this rank's chunks and shares all of them with every rank.
    func compute(
        _ chunks: [FeatureChunk], ranks: [Int], _ communicator: any Communicator, _ workspace: Workspace
    ) throws {
        for (chunk, rank) in zip(chunks, ranks) where rank == communicator.rank { fill(chunk, workspace) }
        if communicator.size > 1 {
            // Every other rank brings zeros, and as integers zeros leave the owner's bits as they are.
            let width = model.weights.configuration.hidden
            var patterns: [Int32] = []
            for (chunk, rank) in zip(chunks, ranks) {
                let rows = rows(of: chunk)
                patterns += (0..<rows.rows * width).map {
                    rank == communicator.rank ? Int32(bitPattern: rows.base[$0].bitPattern) : 0
                }
            }
            try communicator.allReduce(&patterns, .sum)
            var next = 0
            for chunk in chunks {
                let rows = rows(of: chunk)
                for i in 0..<rows.rows * width {
                    rows.base[i] = Float(bitPattern: UInt32(bitPattern: patterns[next + i]))
                }
                next += rows.rows * width
            }
        }
        for (chunk, rank) in zip(chunks, ranks) {
            tables[chunk.source]?.known[chunk.index] = true
            prefix?.note(examples(of: chunk), chunk.source, by: rank)
        }
    }

    /// The pooled vectors [B, d] of examples, in their order.
    ///
    /// What isn't known yet is computed here.
    func pooled(_ examples: [Int], _ source: FeatureSource, _ workspace: Workspace) -> Matrix {
        for chunk in chunks(of: examples, source) where !table(source).known[chunk.index] {
            fill(chunk, workspace)
            tables[source]?.known[chunk.index] = true
        }
        let rows = table(source).rows
        workspace.reset()
        let pooled = workspace.matrix(examples.count, rows.columns)
        for (row, example) in examples.enumerated() {
            pooled.row(row).update(from: rows.row(example), count: rows.columns)
        }
        return pooled
    }

    private func fill(_ chunk: FeatureChunk, _ workspace: Workspace) {
        let batch = data.split(chunk.source).batch(examples(of: chunk))
        let frozen = prefix?.input(Array(examples(of: chunk)), chunk.source, batch)
        let values = model.frozenPooled(batch, from: frozen, workspace)
        rows(of: chunk).base.update(from: values, count: values.count)
    }

    private func examples(of chunk: FeatureChunk) -> Range<Int> {
        let start = chunk.index * Self.examplesPerChunk
        return start..<min(data.split(chunk.source).count, start + Self.examplesPerChunk)
    }

    private func rows(of chunk: FeatureChunk) -> Matrix { table(chunk.source).rows.rows(examples(of: chunk)) }

    private func table(_ source: FeatureSource) -> Table {
        if let table = tables[source] { return table }
        let (count, width) = (data.split(source).count, model.weights.configuration.hidden)
        let buffer = FloatBuffer(count * width)
        let chunks = (count + Self.examplesPerChunk - 1) / Self.examplesPerChunk
        let table = Table(
            rows: buffer.matrix(count, width), buffer: buffer, known: [Bool](repeating: false, count: chunks))
        tables[source] = table
        return table
    }
}
