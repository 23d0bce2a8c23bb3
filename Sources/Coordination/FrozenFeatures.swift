import Collectives
import Diagnostics
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
    /// The source of an evaluation set: held-out examples are rows of the training split.
    func source(task: Int, set: Int) -> FeatureSource {
        FeatureSource(task: task, set: self[task].sets[set].split == .train ? nil : set)
    }

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
/// when. Chunks of consecutive examples are what ranks are given to do. The ranks of a host share one table: each of them
/// may write any vector, since all would write the same bits.
final class FrozenFeatures {
    private static let examplesPerChunk = 8

    private let model: AdaptedEncoder
    private let data: [TaskData]
    private var tables: [FeatureSource: Table] = [:]
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

    init(_ model: AdaptedEncoder, _ data: [TaskData]) {
        self.model = model
        self.data = data
    }

    /// The source of an evaluation set.
    func source(task: Int, set: Int) -> FeatureSource { data.source(task: task, set: set) }

    /// The chunks that these examples lie in, ascending.
    func chunks(of examples: some Sequence<Int>, _ source: FeatureSource) -> [FeatureChunk] {
        Set(examples.map { $0 / Self.examplesPerChunk }).sorted().map {
            FeatureChunk(source: source, index: $0)
        }
    }

    /// Whether a chunk needs no computing any more.
    func isKnown(_ chunk: FeatureChunk) -> Bool { tables[chunk.source]?.known[chunk.index] ?? false }

    // MARK: Memory

    /// Makes the tables of all splits, in memory that a host's ranks share where it has some; a collective.
    ///
    /// - Returns: on rank 0, why its host's ranks have a table each
    func share(_ communicator: any Communicator) throws -> Failure? {
        let host = try communicator.sharingMemory()
        let width = model.weights.configuration.hidden
        let sizes = sources.map { data.split($0).count * width }
        let bytes = sizes.reduce(0, +) * MemoryLayout<Float>.stride
        if host.size == 1 || bytes == 0 { return nil }
        switch try NodeMemory.make(byteCount: bytes, in: nil, named: "hadamesh-features", among: host) {
        case .failure(let refusal):
            return .data(
                "each rank keeps the frozen features itself, \(bytes >> 20) MB: \(refusal.why)",
                remedy: "fewer ranks on a host need less")
        case .success(let memory):
            guard var next = memory.bytes.bindMemory(to: Float.self).baseAddress else { return nil }
            for (source, size) in zip(sources, sizes) {
                tables[source] = Table(
                    rows: Matrix(next, size / width, width), memory: memory,
                    known: [Bool](repeating: false, count: chunkCount(source)))
                next += size
            }
            return nil
        }
    }

    private func chunkCount(_ source: FeatureSource) -> Int {
        (data.split(source).count + Self.examplesPerChunk - 1) / Self.examplesPerChunk
    }

    // MARK: Other runs

    /// Takes what earlier runs left of the data's splits; a collective.
    ///
    /// - Returns: how many examples' vectors were found; on rank 0 also what could not be used
    func find(in folder: FeatureFolder, _ communicator: any Communicator, _ workspace: Workspace) throws
        -> (examples: Int, refused: [Failure])
    {
        var (examples, refused) = (0, [Failure]())
        for source in sources {
            let split = data.split(source)
            var known: [Int64] = []
            // As integers: any communicator moves them as they are.
            var patterns: [Int32] = []
            if communicator.rank == 0 {
                do {
                    let found = try folder.read(
                        split, chunks: table(source).known.count, examplesPerChunk: Self.examplesPerChunk
                    ) { index in
                        let examples = self.examples(of: FeatureChunk(source: source, index: index))
                        return self.model.frozenPooled(split.batch(examples), workspace)
                    }
                    known = found?.known ?? []
                    patterns = found?.values.map { Int32(bitPattern: $0.bitPattern) } ?? []
                } catch let failure as Failure {
                    refused.append(failure)
                }
            }
            try communicator.broadcast(&known, from: 0)
            if known.isEmpty { continue }
            try communicator.broadcast(&patterns, from: 0)
            let rows = table(source).rows
            for (i, pattern) in patterns.enumerated() {
                rows.base[i] = Float(bitPattern: UInt32(bitPattern: pattern))
            }
            tables[source]?.known = known.map { $0 == 1 }
            tables[source]?.found = known.count { $0 == 1 }
            for (index, isKnown) in known.enumerated() where isKnown == 1 {
                examples += self.examples(of: FeatureChunk(source: source, index: index)).count
            }
        }
        return (examples, refused)
    }

    /// Leaves for later runs what this one has computed.
    func leave(in folder: FeatureFolder) throws {
        for (source, table) in tables where table.known.count(where: \.self) > table.found {
            let values = Array(UnsafeBufferPointer(start: table.rows.base, count: table.rows.count))
            try folder.write(
                FeatureFolder.Features(values: values, known: table.known.map { $0 ? 1 : 0 }),
                of: data.split(source))
        }
    }

    /// Every split that vectors are wanted of.
    private var sources: [FeatureSource] {
        var seen: Set<FeatureSource> = []
        return data.indices.flatMap { task in
            [FeatureSource(task: task, set: nil)]
                + data[task].sets.indices.map { source(task: task, set: $0) }
        }.filter { seen.insert($0).inserted }
    }

    // MARK: This run

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
        let table = Table(
            rows: buffer.matrix(count, width), memory: buffer,
            known: [Bool](repeating: false, count: chunkCount(source)))
        tables[source] = table
        return table
    }
}
