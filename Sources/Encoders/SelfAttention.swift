import Kernels

// Multi-head self-attention inside each sequence of a packed batch; no sequence sees another.
//
//   a_h = P_h V_h,   P_h = softmax(Q_h K_hᵀ / √d_k)          Q, K, V, a [T, d]; head h is d_k of their columns
//   dV_h = P_hᵀ da_h,   dP_h = da_h V_hᵀ,   dS_h = P_h ⊙ (dP_h − Σ dP_h ⊙ P_h) / √d_k,   dQ_h = dS_h K_h,   dK_h = dS_hᵀ Q_h
//
// P is kept as one block of n × n' floats for each (sequence, head), n' = n rounded up to whole vector lanes.

/// The probabilities of all heads and sequences, and their dropout masks.
struct AttentionProbabilities {
    let base: UnsafeMutablePointer<Float>
    let mask: UnsafeMutablePointer<Float>?
    private let starts: [Int]
    private let heads: Int

    init(_ batch: PackedBatch, heads: Int, dropout: Bool, _ workspace: Workspace) {
        var starts = [0]
        for sequence in 0..<batch.count {
            let n = batch.range(sequence).count
            starts.append(starts[sequence] + heads * n * paddedColumns(n))
        }
        self.starts = starts
        self.heads = heads
        base = workspace.floats(starts[batch.count])
        mask = dropout ? workspace.floats(starts[batch.count]) : nil
    }

    func block(_ batch: PackedBatch, _ sequence: Int, _ head: Int, of memory: UnsafeMutablePointer<Float>)
        -> Matrix
    {
        let n = batch.range(sequence).count
        return Matrix(
            memory + starts[sequence] + head * n * paddedColumns(n), n, n, stride: paddedColumns(n))
    }
}

extension Encoder {
    /// a [T, d] from q, k, v [T, d]; returns what backward reads.
    func attention(
        q: Matrix, k: Matrix, v: Matrix, layer: Int, _ batch: PackedBatch, into a: Matrix,
        _ workspace: Workspace
    ) -> AttentionProbabilities {
        let (heads, width) = (weights.configuration.heads, weights.configuration.headWidth)
        let scale = 1 / Float(width).squareRoot()
        let kept = AttentionProbabilities(batch, heads: heads, dropout: dropout.attention > 0, workspace)
        for sequence in 0..<batch.count {
            let tokens = batch.range(sequence)
            for head in 0..<heads {
                let columns = head * width..<(head + 1) * width
                let p = kept.block(batch, sequence, head, of: kept.base)
                multiplyTransposed(
                    q.rows(tokens).columns(columns), k.rows(tokens).columns(columns), into: p, scale: scale)
                softmax(p)
                if let memory = kept.mask {
                    let random = dropout.stream(.attentionDropout, layer, head, batch.keys[sequence])
                    // The softmax's gradient needs P itself: dropped probabilities get memory of their own.
                    let mark = workspace.mark
                    let dropped = workspace.matrix(p.rows, p.columns)
                    dropped.copy(from: p)
                    Kernels.dropout(
                        dropped, probability: dropout.attention, random: random,
                        mask: kept.block(batch, sequence, head, of: memory))
                    multiply(dropped, v.rows(tokens).columns(columns), into: a.rows(tokens).columns(columns))
                    workspace.release(to: mark)
                } else {
                    multiply(p, v.rows(tokens).columns(columns), into: a.rows(tokens).columns(columns))
                }
            }
        }
        return kept
    }

    /// dq, dk, dv [T, d] from da [T, d].
    func attentionBackward(
        da: Matrix, q: Matrix, k: Matrix, v: Matrix, _ kept: AttentionProbabilities, _ batch: PackedBatch,
        dq: Matrix, dk: Matrix, dv: Matrix, _ workspace: Workspace
    ) {
        let (heads, width) = (weights.configuration.heads, weights.configuration.headWidth)
        let scale = 1 / Float(width).squareRoot()
        for sequence in 0..<batch.count {
            let tokens = batch.range(sequence)
            for head in 0..<heads {
                let columns = head * width..<(head + 1) * width
                func part(_ matrix: Matrix) -> Matrix { matrix.rows(tokens).columns(columns) }
                let mark = workspace.mark
                let p = kept.block(batch, sequence, head, of: kept.base)
                let dp = workspace.matrix(p.rows, p.columns)
                multiplyTransposed(part(da), part(v), into: dp)
                if let memory = kept.mask {
                    let mask = kept.block(batch, sequence, head, of: memory)
                    let dropped = workspace.matrix(p.rows, p.columns)
                    dropped.copy(from: p)
                    multiplyElements(of: dropped, by: mask)
                    transposedMultiply(dropped, part(da), into: part(dv))
                    multiplyElements(of: dp, by: mask)
                } else {
                    transposedMultiply(p, part(da), into: part(dv))
                }
                softmaxBackward(dp, p: p, scale: scale)
                multiply(dp, part(k), into: part(dq))
                transposedMultiply(dp, part(q), into: part(dk))
                workspace.release(to: mark)
            }
        }
    }
}
