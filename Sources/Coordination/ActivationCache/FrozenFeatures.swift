import Collectives
import Diagnostics
import Encoders
import Kernels
import Tasks
import Training

/// Consecutive examples of a split whose features are computed together.
package struct FeatureChunk: Hashable, Sendable {
    /// The split's number among the study's distinct ones.
    let split: Int
    let index: Int

    package init(split: Int, index: Int) {
        self.split = split
        self.index = index
    }
}

/// The frozen backbone's pooled vector of each example, computed once: all that the head stage needs of the encoder.
///
/// An example's vector has the same bits in whatever batch it is computed, so it doesn't matter which rank computes it, or
/// when. Chunks of consecutive examples are what ranks are given to do. The ranks of a host share one table: each of them
/// may write any vector, since all would write the same bits.
final class FrozenFeatures {
    private static let examplesPerChunk = 8

    private let model: AdaptedEncoder
    private let splits: DistinctSplits
    /// By split; nil while nothing is known of it.
    private var tables: [Table?]
    /// Where what the adapter stage needs of it is kept on the way.
    var prefix: FrozenPrefix?

    private struct Table {
        let rows: Matrix
        /// What the rows lie in.
        let memory: AnyObject
        var known: [Bool]
        /// How many chunks were known to an earlier run.
        var found = 0
    }

    init(_ model: AdaptedEncoder, _ splits: DistinctSplits) {
        self.model = model
        self.splits = splits
        tables = splits.splits.map { _ in nil }
    }

    /// The chunks that these examples lie in, ascending.
    func chunks(of examples: some Sequence<Int>, _ split: Int) -> [FeatureChunk] {
        Set(examples.map { $0 / Self.examplesPerChunk }).sorted().map {
            FeatureChunk(split: split, index: $0)
        }
    }

    /// Whether a chunk needs no computing any more.
    func isKnown(_ chunk: FeatureChunk) -> Bool { tables[chunk.split]?.known[chunk.index] ?? false }

    // MARK: Memory

    /// Makes the tables of all distinct splits, in memory that a host's ranks share where it has some; a collective.
    ///
    /// - Returns: on rank 0, why its host's ranks have a table each
    func share(_ communicator: any Communicator) throws -> Failure? {
        let host = try communicator.nodeCommunicator()
        let width = model.weights.configuration.hidden
        let sizes = splits.splits.map { $0.count * width }
        let bytes = sizes.reduce(0, +) * MemoryLayout<Float>.stride
        if host.size == 1 || bytes == 0 { return nil }
        switch try NodeMemory.make(byteCount: bytes, in: nil, named: "hadamesh-features", among: host) {
        case .failure(let unavailable):
            return .data(
                "each rank keeps the frozen features itself, \(bytes >> 20) MB: \(unavailable.why)",
                remedy: "fewer ranks on a host need less")
        case .success(let memory):
            guard var next = memory.bytes.bindMemory(to: Float.self).baseAddress else { return nil }
            for (split, size) in sizes.enumerated() {
                tables[split] = Table(
                    rows: Matrix(next, size / width, width), memory: memory,
                    known: [Bool](repeating: false, count: chunkCount(split)))
                next += size
            }
            return nil
        }
    }

    private func chunkCount(_ split: Int) -> Int {
        (splits[split].count + Self.examplesPerChunk - 1) / Self.examplesPerChunk
    }

    // MARK: Other runs

    /// Takes what earlier runs left of the data's splits; a collective.
    ///
    /// - Returns: how many examples' vectors were found; on rank 0 also what could not be used
    func find(in folder: FeatureFolder, _ communicator: any Communicator, _ workspace: Workspace) throws
        -> (examples: Int, refused: [Failure])
    {
        var (examples, refused) = (0, [Failure]())
        for (number, split) in splits.splits.enumerated() {
            let chunks = (0..<chunkCount(number)).map { FeatureChunk(split: number, index: $0) }
            let found = try folder.find(
                split, sizes: chunks.map { rows(of: $0).count }, communicator
            ) { index in
                self.model.frozenPooled(split.batch(self.examples(of: chunks[index])), workspace)
            } take: { index, values in
                guard let start = values.baseAddress else { return }
                rows(of: chunks[index]).base.update(from: start, count: values.count)
                examples += self.examples(of: chunks[index]).count
            }
            if let failure = found.refused { refused.append(failure) }
            if found.known.isEmpty { continue }
            tables[number]?.known = found.known
            tables[number]?.found = found.known.count(where: \.self)
        }
        return (examples, refused)
    }

    /// Leaves for later runs what this one has computed.
    func leave(in folder: FeatureFolder) throws {
        for (split, table) in tables.enumerated() {
            guard let table, table.known.count(where: \.self) > table.found else { continue }
            let parts = table.known.indices.filter { table.known[$0] }.map {
                let rows = rows(of: FeatureChunk(split: split, index: $0))
                return UnsafeBufferPointer(start: rows.base, count: rows.count)
            }
            try folder.leave(parts, known: table.known, of: splits[split])
            tables[split]?.found = parts.count
        }
    }

    // MARK: This run

    /// What a chunk costs.
    func cost(_ chunk: FeatureChunk) -> Double {
        Coordination.cost(of: examples(of: chunk), in: splits[chunk.split])
    }

    /// Computes this rank's chunks and shares all of them with every rank.
    func compute(
        _ chunks: [FeatureChunk], ranks: [Int], _ communicator: any Communicator, _ workspace: Workspace
    ) throws {
        for (index, (chunk, rank)) in zip(chunks, ranks).enumerated() where rank == communicator.rank {
            communicator.watch?.enter(unit: index + 1)
            fill(chunk, workspace)
        }
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
            try timed(.sum) { try communicator.allReduce(&patterns, .sum) }
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
            tables[chunk.split]?.known[chunk.index] = true
            prefix?.note(examples(of: chunk), chunk.split, by: rank)
        }
    }

    /// The pooled vectors [B, d] of examples, in their order.
    ///
    /// Missing vectors are computed in the workspace; the result is a copy, row after row.
    func pooled(_ examples: [Int], _ split: Int, _ workspace: Workspace) -> [Float] {
        for chunk in chunks(of: examples, split) where !table(split).known[chunk.index] {
            fill(chunk, workspace)
            tables[split]?.known[chunk.index] = true
        }
        let rows = table(split).rows
        return examples.flatMap { UnsafeBufferPointer(start: rows.row($0), count: rows.columns) }
    }

    private func fill(_ chunk: FeatureChunk, _ workspace: Workspace) {
        let batch = splits[chunk.split].batch(examples(of: chunk))
        let frozen = prefix?.input(Array(examples(of: chunk)), chunk.split, batch)
        let values = model.frozenPooled(batch, from: frozen, workspace)
        rows(of: chunk).base.update(from: values, count: values.count)
    }

    private func examples(of chunk: FeatureChunk) -> Range<Int> {
        let start = chunk.index * Self.examplesPerChunk
        return start..<min(splits[chunk.split].count, start + Self.examplesPerChunk)
    }

    private func rows(of chunk: FeatureChunk) -> Matrix { table(chunk.split).rows.rows(examples(of: chunk)) }

    private func table(_ split: Int) -> Table {
        if let table = tables[split] { return table }
        let (count, width) = (splits[split].count, model.weights.configuration.hidden)
        let buffer = FloatBuffer(count * width)
        let table = Table(
            rows: buffer.matrix(count, width), memory: buffer,
            known: [Bool](repeating: false, count: chunkCount(split)))
        tables[split] = table
        return table
    }
}
