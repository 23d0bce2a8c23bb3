import Kernels

// One post-norm layer, x [T, d] → h2 [T, d]; the names in brackets are sites.
//
//   q, k, v = x W_Q + b_Q, …                     [queryInput] [query] [keyInput] [key] [valueInput] [value]
//   a = attention(q, k, v)                       [prefix]; [heads] changes a
//   o = a W_O + b_O                              [projection] and [attention] change o
//   h1 = LN1(dropout(o) + x)                     [attentionNorm]; [attentionOutput] changes h1
//   z = h1 W_1 + b_1    u = act(z)               [intermediateInput] [intermediate]; [activation] changes u
//   y = u W_2 + b_2                              [output] and [feedForward] change y
//   h2 = LN2(dropout(y) + h1)                    [feedForwardResidual] changes dropout(y); [outputNorm]
//
// Backward goes from dh2 down to the lowest trained site. In the last layer the queries may be the first
// tokens alone: everything but k and v then has B rows.

/// The activations of one layer for backward; parts that came from a cache, and so are frozen, are nil.
struct LayerActivations {
    /// The tokens of everything but keys and values: the batch's, or the first of each sequence.
    let queries: PackedBatch
    let attention: Attention?
    let projection: Projection?
    let feedForward: FeedForward

    /// The activations up to a.
    struct Attention {
        /// The inputs of the query, key and value maps [T, d].
        let queryInput, keyInput, valueInput: Matrix
        let projected: QueriesKeysValues
        let probabilities: AttentionProbabilities
    }

    /// The activations from a to h1.
    struct Projection {
        /// a [T, d], as W_O reads it.
        let heads: Matrix
        let mask: Matrix?
        let norm: NormActivations
    }

    /// The activations from h1 to h2.
    struct FeedForward {
        /// The input of W_1 [T, d].
        let input: Matrix
        /// act'(z) [T, f].
        let derivative: Matrix
        /// u [T, f], as W_2 reads it.
        let activation: Matrix
        let mask: Matrix?
        let norm: NormActivations
    }
}
