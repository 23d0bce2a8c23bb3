/// Which activations of a layer are saved because trained weights or adapters read them in backward.
///
/// Backward always needs the normalised values, act', q, k, v and P, so these are no choice, but for q, k
/// and v in the lowest layer.
struct SavedActivations {
    /// x [T, d], the layer's input.
    let input: Bool
    /// q, k, v [T, d]; not in the lowest layer if backward ends above them.
    let queries: Bool
    /// a [T, d] as W_O reads it.
    let heads: Bool
    /// h1 [T, d].
    let attentionOutput: Bool
    /// u [T, f] as W_2 reads it.
    let activation: Bool

    init(_ layer: Int, _ adaptation: any EncoderAdaptation, lowest: LayerSite) {
        func trains(_ sites: Site...) -> Bool {
            sites.contains { adaptation.linear(at: LayerSite(layer, $0))?.weightGradient != nil }
        }
        func acts(_ sites: Site...) -> Bool {
            sites.contains { adaptation.acts(at: LayerSite(layer, $0)) }
        }
        input = trains(.query, .key, .value) || acts(.query, .key, .value, .attention)
        queries = lowest < LayerSite(layer, .heads)
        heads = trains(.projection) || acts(.projection)
        attentionOutput = trains(.intermediate) || acts(.intermediate, .feedForward)
        activation = trains(.output) || acts(.output, .feedForwardResidual)
    }
}
