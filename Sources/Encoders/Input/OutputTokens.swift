package import Kernels

// A head on the first token of each sequence needs, in the last layer, keys and values of all tokens, but
// queries, attention and the feed-forward layer of the first ones alone: [B, d] instead of [T, d].

/// The tokens whose hidden states the last layer returns.
package enum OutputTokens: Sendable {
    case all
    /// The first of each sequence.
    case first
}

extension PackedBatch {
    /// The first tokens as sequences of one token, with the same keys.
    func firstTokens() -> PackedBatch {
        var first = PackedBatch()
        for sequence in 0..<count {
            let token = offsets[sequence]
            first.append(ids: [ids[token]], segments: [segments[token]], key: keys[sequence])
        }
        return first
    }

    /// Copies the first tokens' rows of x [T, d] to y [B, d].
    package func gatherFirst(_ x: Matrix, into y: Matrix) {
        for sequence in 0..<count {
            y.row(sequence).update(from: x.row(offsets[sequence]), count: x.columns)
        }
    }

    /// Adds rows [B, d] to the first tokens' rows of x [T, d].
    func addToFirst(_ rows: Matrix, of x: Matrix) {
        for sequence in 0..<count {
            add(rows.rows(sequence..<sequence + 1), to: x.rows(offsets[sequence]..<offsets[sequence] + 1))
        }
    }
}
