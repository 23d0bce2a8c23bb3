import Kernels

// Multi-head self-attention inside each sequence of a packed batch. Q, K, V, a [T, d]; head h is d_k of their
// columns.
//
//   a_h = P_h V_h          P_h = softmax(Q_h K_hᵀ / √d_k), or with the bias of RelativePositions
//   dV_h = P_hᵀ da_h       dP_h = da_h V_hᵀ        dS_h = P_h ⊙ (dP_h − Σ dP_h ⊙ P_h) / √d_k
//   dQ_h = dS_h K_h        dK_h = dS_hᵀ Q_h
//
// Queries, and so P, a and dq, may be those of each sequence's first token alone. A prefix puts p keys and
// values, the same for every sequence, before the n of each sequence. P is one block of n × n' floats for
// each (sequence, head), n' = p + n rounded up to whole vector lanes.

/// P of all heads and sequences, and their dropout masks.
struct AttentionProbabilities {
    let base: UnsafeMutablePointer<Float>
    let mask: UnsafeMutablePointer<Float>?
    private let starts: [Int]
    private let heads: Int
    private let prefix: Int

    init(
        _ batch: PackedBatch, queries: PackedBatch, heads: Int, prefix: Int, dropout: Bool,
        _ workspace: Workspace
    ) {
        var starts = [0]
        for sequence in 0..<batch.count {
            let (rows, n) = (queries.range(sequence).count, batch.range(sequence).count)
            starts.append(starts[sequence] + heads * rows * paddedColumns(prefix + n))
        }
        self.starts = starts
        self.heads = heads
        self.prefix = prefix
        base = workspace.floats(starts[batch.count])
        mask = dropout ? workspace.floats(starts[batch.count]) : nil
    }

    func block(
        _ batch: PackedBatch, _ queries: PackedBatch, _ sequence: Int, _ head: Int,
        of memory: UnsafeMutablePointer<Float>
    ) -> Matrix {
        let (rows, n) = (queries.range(sequence).count, batch.range(sequence).count)
        let stride = paddedColumns(prefix + n)
        return Matrix(memory + starts[sequence] + head * rows * stride, rows, prefix + n, stride: stride)
    }
}

/// Keys or values of one head: the rows of a prefix, if there is one, then the sequence's own.
private struct HeadRows<Prefix: ReadableMatrix> {
    let prefix: Prefix?
    let own: Matrix

    /// c = scale · a [prefix; own]ᵀ; may write rows of c to the end of their stride.
    func multiplyTransposed(_ a: Matrix, into c: Matrix, scale: Float = 1) {
        if let prefix {
            Kernels.multiplyTransposed(a, prefix, into: c.columns(0..<prefix.frozen.rows), scale: scale)
        }
        Kernels.multiplyTransposed(
            a, own, into: ownColumns(of: c), scale: scale, room: c.stride - (prefix?.frozen.rows ?? 0))
    }

    /// c = a [prefix; own].
    func multiply(_ a: Matrix, into c: Matrix) {
        Kernels.multiply(ownColumns(of: a), own, into: c)
        if let prefix {
            Kernels.multiply(a.columns(0..<prefix.frozen.rows), prefix, into: c, accumulate: true)
        }
    }

    /// The columns of a [rows, prefix and own] matrix for the sequence's own rows.
    func ownColumns(of p: Matrix) -> Matrix {
        prefix.map { p.columns($0.frozen.rows..<p.columns) } ?? p
    }
}

extension HeadRows where Prefix == Matrix {
    /// [prefix; own] = aᵀ b, added to the prefix, which all sequences share.
    func setTransposedProduct(_ a: Matrix, _ b: Matrix) {
        if let prefix { transposedMultiply(a.columns(0..<prefix.rows), b, into: prefix, accumulate: true) }
        transposedMultiply(ownColumns(of: a), b, into: own)
    }
}

extension Encoder {
    /// Computes a [T, d], and returns P for backward.
    func attention(
        _ x: QueriesKeysValues, layer: Int, prefix: TrainedPrefix?, bias: PositionBias?,
        _ batch: PackedBatch, queries: PackedBatch, into a: Matrix, _ workspace: Workspace
    ) -> AttentionProbabilities {
        let (heads, width) = (weights.configuration.heads, weights.configuration.headWidth)
        let scale = 1 / Float(width).squareRoot()
        let saved = AttentionProbabilities(
            batch, queries: queries, heads: heads, prefix: prefix?.keys.rows ?? 0,
            dropout: dropout.attention > 0, workspace)
        for sequence in 0..<batch.count {
            let (tokens, rows) = (batch.range(sequence), queries.range(sequence))
            for head in 0..<heads {
                let columns = head * width..<(head + 1) * width
                let keys = HeadRows(
                    prefix: prefix?.keys.columns(columns), own: x.k.rows(tokens).columns(columns))
                let values = HeadRows(
                    prefix: prefix?.values.columns(columns), own: x.v.rows(tokens).columns(columns))
                let p = saved.block(batch, queries, sequence, head, of: saved.base)
                keys.multiplyTransposed(x.q.rows(rows).columns(columns), into: p, scale: scale)
                bias?.add(to: keys.ownColumns(of: p), head: head)
                softmax(p)
                if let memory = saved.mask {
                    let random = dropout.stream(.attentionDropout, layer, head, batch.keys[sequence])
                    // The softmax's gradient needs P without dropout.
                    let mark = workspace.mark
                    let dropped = workspace.matrix(p.rows, p.columns)
                    dropped.copy(from: p)
                    Kernels.dropout(
                        dropped, probability: dropout.attention, random: random,
                        mask: saved.block(batch, queries, sequence, head, of: memory))
                    values.multiply(dropped, into: a.rows(rows).columns(columns))
                    workspace.release(to: mark)
                } else {
                    values.multiply(p, into: a.rows(rows).columns(columns))
                }
            }
        }
        return saved
    }

    /// Computes the gradients of queries, keys and values from da [T, d], and adds those of a prefix and of
    /// the biases by distance [buckets, heads].
    ///
    /// dq and da have the queries' rows.
    func attentionBackward(
        _ da: Matrix, _ x: QueriesKeysValues, _ saved: AttentionProbabilities, prefix: TrainedPrefix?,
        biasGradient: Matrix?, _ batch: PackedBatch, queries: PackedBatch, into gradient: QueriesKeysValues,
        _ workspace: Workspace
    ) {
        let (heads, width) = (weights.configuration.heads, weights.configuration.headWidth)
        let scale = 1 / Float(width).squareRoot()
        // The gradient of a prefix that is not trained goes to scratch memory.
        let scratch = prefix.map { workspace.matrix($0.keys.rows, $0.keys.columns) }
        let bias = biasGradient.map { _ in PositionBias.zero(heads: heads, batch, workspace) }
        for sequence in 0..<batch.count {
            let (tokens, own) = (batch.range(sequence), queries.range(sequence))
            for head in 0..<heads {
                let columns = head * width..<(head + 1) * width
                func rows<Prefix: ReadableMatrix>(_ own: Matrix, _ prefix: Prefix?) -> HeadRows<Prefix> {
                    HeadRows(prefix: prefix?.columns(columns), own: own.rows(tokens).columns(columns))
                }
                let (query, upstream) = (x.q.rows(own).columns(columns), da.rows(own).columns(columns))
                let mark = workspace.mark
                let p = saved.block(batch, queries, sequence, head, of: saved.base)
                let dp = Matrix(workspace.floats(p.rows * p.stride), p.rows, p.columns, stride: p.stride)
                rows(x.v, prefix?.values).multiplyTransposed(upstream, into: dp)
                let dValues = rows(gradient.v, prefix?.valueGradient ?? scratch)
                if let memory = saved.mask {
                    let mask = saved.block(batch, queries, sequence, head, of: memory)
                    let dropped = workspace.matrix(p.rows, p.columns)
                    dropped.copy(from: p)
                    multiplyElements(of: dropped, by: mask)
                    dValues.setTransposedProduct(dropped, upstream)
                    multiplyElements(of: dp, by: mask)
                } else {
                    dValues.setTransposedProduct(p, upstream)
                }
                softmaxBackward(dp, p: p, scale: scale)
                let keys = rows(x.k, prefix?.keys)
                bias?.addGradient(of: keys.ownColumns(of: dp), head: head)
                keys.multiply(dp, into: gradient.q.rows(own).columns(columns))
                rows(gradient.k, prefix?.keyGradient ?? scratch).setTransposedProduct(dp, query)
                workspace.release(to: mark)
            }
        }
        // Scores with biases are scaled before these are added.
        if let biasGradient { bias?.addSums(to: biasGradient, times: 1 / scale) }
    }
}
