package import Kernels

// A head that reads the first token of each sequence needs of the last layer only what that token attends to: keys and
// values of all tokens, and queries, attention and the feed-forward layer of the first ones, [B, d] in the place of [T, d].

/// Which of the last layer's tokens are read by what is on top.
package enum TokensRead: Sendable {
    /// Every one.
    case all
    /// The first of each sequence.
    case first
}

extension PackedBatch {
    /// The first tokens alone, as sequences of one token under the same names.
    func firstTokens() -> PackedBatch {
        var first = PackedBatch()
        for sequence in 0..<count {
            let token = offsets[sequence]
            first.append(ids: [ids[token]], segments: [segments[token]], key: keys[sequence])
        }
        return first
    }

    /// Puts the first tokens' rows of x [T, d] into y [B, d].
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
