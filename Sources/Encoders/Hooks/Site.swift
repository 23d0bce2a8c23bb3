/// The points of an encoder where an adapter may act, in the order of the forward pass.
///
/// Embeddings, x = LN(sum of the tables' rows), or W_E of that where the embeddings are narrower than layers.
/// Post-norm layer, input x: q, k, v = x W + b, a = concatenated attention heads, o = a W_O + b_O,
/// h1 = LN1(dropout(o) + x), z = h1 W_1 + b_1, u = act(z), y = u W_2 + b_2, h2 = LN2(dropout(y) + h1).
///
/// At a value site an adapter changes an activation in place; at some it also reads another activation, the
/// source, and adds to its gradient. At a norm or linear site it replaces γ, β, W or b.
package enum Site: Int, Sendable, CaseIterable, Comparable {
    /// The embedding tables, below layer 0: at ``LayerSite/belowLayers``.
    case embeddings
    /// γ and β [e] of the embeddings' LayerNorm, below layer 0.
    case embeddingNorm
    /// W_E and b_E from the embeddings' width e to d, below layer 0; only where the widths differ.
    case embeddingProjection
    /// A copy of x [T, d] that only the query's product reads.
    case queryInput
    /// q [T, d], with source x; W_Q and b_Q.
    case query
    /// A copy of x [T, d] that only the key's product reads.
    case keyInput
    /// k [T, d], with source x; W_K and b_K.
    case key
    /// A copy of x [T, d] that only the value's product reads.
    case valueInput
    /// v [T, d], with source x; W_V and b_V.
    case value
    /// Keys and values before those of each sequence.
    case prefix
    /// a [T, d], the concatenated heads, which only W_O reads.
    case heads
    /// o [T, d], with source a, before dropout, residual and LN1; W_O and b_O.
    case projection
    /// o [T, d] again, with source x, for changes that bypass attention.
    case attention
    /// γ and β of LN1.
    case attentionNorm
    /// h1 [T, d], which the feed-forward layer and its residual connection read.
    case attentionOutput
    /// A copy of h1 [T, d] that only W_1 reads.
    case intermediateInput
    /// z [T, f], with source h1, before the activation; W_1 and b_1.
    case intermediate
    /// u [T, f], after the activation.
    case activation
    /// y [T, d], with source u, before dropout, residual and LN2; W_2 and b_2.
    case output
    /// y [T, d] again, with source h1, for changes that bypass the feed-forward layer.
    case feedForward
    /// y [T, d] after dropout, with source u, as it is added to the residual.
    case feedForwardResidual
    /// γ and β of LN2.
    case outputNorm
    /// W and b of the pooler, in the layer after the last.
    case pooler

    /// The order of the forward pass.
    package static func < (left: Site, right: Site) -> Bool { left.rawValue < right.rawValue }

    /// The sites of a linear map's W and b.
    package static let linears: [Site] = [
        .embeddingProjection, .query, .key, .value, .projection, .intermediate, .output, .pooler,
    ]
    /// The linear sites that every layer has.
    package static let linearsOfLayers: [Site] = linears.filter { ofLayers.contains($0) }
    /// The sites of a LayerNorm's γ and β.
    package static let norms: [Site] = [.embeddingNorm, .attentionNorm, .outputNorm]
    /// The sites of activations.
    package static let values: [Site] = allCases.filter {
        ![.embeddings, .embeddingProjection, .prefix, .pooler].contains($0) && !norms.contains($0)
    }
    /// The sites that every layer has.
    package static let ofLayers: [Site] = allCases.filter {
        ![.embeddings, .embeddingNorm, .embeddingProjection, .pooler].contains($0)
    }

    /// The value site of a linear map's input, for that map alone.
    package var input: Site? {
        switch self {
        case .query: .queryInput
        case .key: .keyInput
        case .value: .valueInput
        case .projection: .heads
        case .intermediate: .intermediateInput
        case .output: .activation
        default: nil
        }
    }
}
