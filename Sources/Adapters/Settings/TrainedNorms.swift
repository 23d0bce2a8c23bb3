import Diagnostics
package import Encoders

/// Which LayerNorms of a layer are trained beside an adapter.
package enum TrainedNorms: String, NamedChoice {
    /// LN1, after the attention.
    case attention
    /// LN2, after the feed-forward layer.
    case output
    case both
    case none

    /// The sites of the norms, in the order of the forward pass.
    package var sites: [Site] {
        switch self {
        case .attention: [.attentionNorm]
        case .output: [.outputNorm]
        case .both: [.attentionNorm, .outputNorm]
        case .none: []
        }
    }
}
