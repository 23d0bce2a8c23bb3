import Diagnostics
import Encoders
import Kernels

// From hidden states h [T, d] to pooled vectors p [B, d]; B sequences, T tokens, d columns.
//
//   cls      p_s = h of the first token            mean  p_s = mean of the sequence's h
//   pooler   p_s = tanh(h_first W_p + b_p) with the backbone's frozen pooler

/// The reduction of a sequence's hidden states to one vector.
package enum Pooling: String, NamedChoice {
    /// The first token's hidden state.
    case cls
    /// The backbone's pretrained pooler on the first token, frozen unless the adapter method trains it.
    case pooler
    /// The mean over the sequence's tokens.
    case mean
}

extension Pooling {
    /// The tokens of the last layer that the pooling reads.
    var outputTokens: OutputTokens { self == .mean ? .all : .first }

    /// Activations saved for backward.
    struct Activations {
        /// The pooler's input, the first tokens' hidden states [B, d], and its output p.
        let pooler: (first: Matrix, p: Matrix)?
    }

    /// Pools h [T, d] into `p` [B, d], which must not change before backward.
    func forward(
        _ h: Matrix, _ batch: PackedBatch, _ encoder: Encoder, _ adaptation: (any EncoderAdaptation)?,
        into p: Matrix, _ workspace: Workspace
    ) -> Activations {
        switch self {
        case .mean:
            for sequence in 0..<batch.count {
                let tokens = batch.range(sequence)
                let row = p.row(sequence)
                row.update(repeating: 0, count: p.columns)
                addColumnSums(of: h.rows(tokens), to: row)
                let share = 1 / Float(tokens.count)
                for c in 0..<p.columns { row[c] *= share }
            }
        case .cls:
            batch.gatherFirst(h, into: p)
        case .pooler:
            let first = workspace.matrix(batch.count, h.columns)
            batch.gatherFirst(h, into: first)
            encoder.pool(first, adaptation, into: p)
            return Activations(pooler: (first, p))
        }
        return Activations(pooler: nil)
    }

    /// Computes `dh` [T, d] from dp [B, d], which it overwrites; adds the gradients of a trained pooler.
    func backward(
        _ dp: Matrix, _ saved: Activations, _ batch: PackedBatch, _ encoder: Encoder,
        _ adaptation: any EncoderAdaptation, into dh: Matrix, _ workspace: Workspace
    ) {
        dh.fill(0)
        switch self {
        case .mean:
            for sequence in 0..<batch.count {
                let tokens = batch.range(sequence)
                let row = dp.row(sequence)
                let share = 1 / Float(tokens.count)
                for token in tokens {
                    let target = dh.row(token)
                    for c in 0..<dh.columns { target[c] = row[c] * share }
                }
            }
        case .cls:
            scatterFirst(dp, batch, into: dh)
        case .pooler:
            guard let (read, p) = saved.pooler else { return }
            let first = workspace.matrix(batch.count, dh.columns)
            encoder.poolBackward(dp, first: read, p: p, adaptation, into: first)
            scatterFirst(first, batch, into: dh)
        }
    }

    private func scatterFirst(_ dp: Matrix, _ batch: PackedBatch, into dh: Matrix) {
        for sequence in 0..<batch.count {
            dh.row(batch.offsets[sequence]).update(from: dp.row(sequence), count: dp.columns)
        }
    }
}
