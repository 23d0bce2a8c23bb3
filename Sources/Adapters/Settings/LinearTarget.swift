import Diagnostics
package import Encoders

/// A linear map of a layer, by its name in settings.
package enum LinearTarget: String, NamedChoice {
    /// W_Q.
    case query
    /// W_K.
    case key
    /// W_V.
    case value
    /// W_O, which follows the attention heads.
    case projection
    /// W_1 of the feed-forward layer.
    case intermediate
    /// W_2 of the feed-forward layer.
    case output

    /// The site of the map's W and b.
    package var site: Site {
        switch self {
        case .query: .query
        case .key: .key
        case .value: .value
        case .projection: .projection
        case .intermediate: .intermediate
        case .output: .output
        }
    }

    /// The widths of the map's input and output, which are equal in all layers.
    func shape(on weights: EncoderWeights) -> (inputs: Int, outputs: Int) {
        let (d, f) = (weights.configuration.hidden, weights.configuration.intermediate)
        switch self {
        case .intermediate: return (d, f)
        case .output: return (f, d)
        default: return (d, d)
        }
    }
}
