import Kernels

// A bias on attention scores by the distance of two tokens, of which near ones have a bucket each and far
// ones share them (Raffel et al., arXiv 1910.10683, section 2.1, as MPNet has it). The table
// r [buckets, heads] is read by every layer:
//
//   S_ij = q_i · k_j / √d_k + r[bucket(j − i), h]
//   dr[b, h] = Σ dS_ij over i, j with bucket(j − i) = b
//
// Keys of a prefix have no distance and no bias.

/// Numbers for each head and each distance in a batch: the biases, or their gradients.
struct PositionBias {
    /// [heads, 2 n − 1] for sequences of at most n tokens: distance δ at δ + n − 1.
    private let lines: Matrix
    private let longest: Int

    /// The biases of a table r [buckets, heads].
    init(_ table: FrozenMatrix, _ batch: PackedBatch, _ workspace: Workspace) {
        self.init(heads: table.columns, batch, workspace)
        for distance in 1 - longest..<longest {
            let row = table.row(RelativePositions.bucket(distance))
            for head in 0..<table.columns { lines[head, distance + longest - 1] = row[head] }
        }
    }

    private init(heads: Int, _ batch: PackedBatch, _ workspace: Workspace) {
        longest = (0..<batch.count).map { batch.range($0).count }.max() ?? 1
        lines = workspace.matrix(heads, 2 * longest - 1)
    }

    /// Gradients of zero.
    static func zero(heads: Int, _ batch: PackedBatch, _ workspace: Workspace) -> PositionBias {
        let bias = PositionBias(heads: heads, batch, workspace)
        bias.lines.fill(0)
        return bias
    }

    /// S += biases, for a head's scores of a sequence's first tokens with its own keys.
    func add(to scores: Matrix, head: Int) {
        addDiagonals(lines.row(head), origin: longest - 1, to: scores)
    }

    /// Adds dS of a head to the gradients.
    func addGradient(of scores: Matrix, head: Int) {
        addDiagonalSums(of: scores, to: lines.row(head), origin: longest - 1)
    }

    /// Adds the gradients, times a factor, to those of the table.
    func addSums(to table: Matrix, times factor: Float) {
        for distance in 1 - longest..<longest {
            let row = table.row(RelativePositions.bucket(distance))
            for head in 0..<table.columns { row[head] += factor * lines[head, distance + longest - 1] }
        }
    }
}

extension Encoder {
    /// The biases of a batch; nil in families without them.
    func positionBias(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, _ workspace: Workspace
    ) -> PositionBias? {
        (adaptation?.embeddings?.tables ?? weights.embeddings).distances.map {
            PositionBias($0, batch, workspace)
        }
    }
}
