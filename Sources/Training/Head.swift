package import Adapters
import Diagnostics
import Encoders
import Kernels
package import Tasks

// The head on top of the encoder: pooling, dropout and one linear map. B sequences, T tokens, d columns, C logits.
//
//   cls      p_s = h of the first token            mean  p_s = mean of the sequence's h
//   pooler   p_s = tanh(h_first W_p + b_p) with the backbone's frozen pooler
//   logits = dropout(p) Wᵀ + b                     W [C, d], b [C]

/// How a sequence's hidden states become one vector.
package enum Pooling: String, NamedChoice {
    /// The first token's hidden state.
    case cls
    /// The backbone's pretrained pooler on the first token, frozen unless the adapter method trains it.
    case pooler
    /// The mean over the sequence's tokens.
    case mean
}

/// The `head` section of a study.
package struct HeadSettings: Sendable, Codable, Equatable {
    /// How a sequence becomes one vector.
    package let pooling: Pooling
    /// The probability of dropping an element of that vector while training.
    package let dropout: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case pooling, dropout }

    /// Makes settings in code.
    package init(pooling: Pooling = .mean, dropout: Double = 0.1) {
        self.pooling = pooling
        self.dropout = dropout
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        pooling = try section.value(.pooling, default: .mean)
        dropout = try section.value(.dropout, default: 0.1)
        try section.require(
            (0..<1).contains(dropout), .dropout, "is \(dropout), expected 0 or more and below 1")
    }
}

/// The names of the head's tensors.
package enum HeadSlice {
    /// W [C, d].
    package static let weight = "head.weight"
    /// b [C].
    package static let bias = "head.bias"

    /// W from N(0, 0.02²), as BERT's classifiers start, and b = 0.
    ///
    /// Heads of different owners start differently.
    package static func slices(for output: TaskOutput, width d: Int, owner: String, seed: UInt64)
        -> [ParameterSlice]
    {
        let classes = output.width
        let random = CounterRandom(seed: seed, .initialization, stableHash(owner))
        return [
            ParameterSlice(
                name: weight, kind: .head, layer: nil, shape: [classes, d],
                start: .values((0..<classes * d).map { Float(random.normal(UInt64($0)) * 0.02) })),
            ParameterSlice(
                name: bias, kind: .head, layer: nil, shape: [classes],
                start: .constant(0)),
        ]
    }
}

extension Pooling {
    /// The tokens of the last layer that it reads.
    var outputTokens: OutputTokens { self == .mean ? .all : .first }

    /// What pooling's forward keeps for its backward.
    struct Activations {
        /// The first tokens' hidden states [B, d] that the pooler read, and what it made of them.
        let pooler: (first: Matrix, p: Matrix)?
    }

    /// Puts p [B, d] of h [T, d] into `p`, which stays as it is until backward.
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

    /// Puts dh [T, d] of dp [B, d], which it overwrites, into `dh`; adds the gradients of a trained pooler.
    func backward(
        _ dp: Matrix, _ kept: Activations, _ batch: PackedBatch, _ encoder: Encoder,
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
            guard let (read, p) = kept.pooler else { return }
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
