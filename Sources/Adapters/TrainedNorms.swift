import Diagnostics
import Encoders

/// Which LayerNorms of a layer are trained beside an adapter.
package enum TrainedNorms: String, NamedChoice {
    /// LN1, which follows the attention.
    case attention
    /// LN2, which follows the feed-forward layer.
    case output
    /// Both.
    case both
    /// Neither.
    case none

    /// The norms' sites, in the order of the forward pass.
    var sites: [Site] {
        switch self {
        case .attention: [.attentionNorm]
        case .output: [.outputNorm]
        case .both: [.attentionNorm, .outputNorm]
        case .none: []
        }
    }
}
