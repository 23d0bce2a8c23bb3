public import Kernels

// A layer below which nothing acts reads the same numbers of an example whenever it is computed, in whatever batch: each
// token's row of every product, LayerNorm and GELU depends on that row alone, attention on its sequence alone. So they can
// be computed once and kept, with the bits that they would have had.

/// What a layer reads, from elsewhere than the layers below it.
public struct FrozenInput {
    /// The layer that reads it.
    public let layer: Int
    /// Puts x [T, d] of the batch's tokens into the matrix.
    public let fill: (Matrix, Workspace) -> Void

    /// Names a layer and where its input comes from.
    public init(layer: Int, fill: @escaping (Matrix, Workspace) -> Void) {
        self.layer = layer
        self.fill = fill
    }
}

extension EncoderAdaptation {
    /// The lowest layer in which anything acts or stands in for the backbone's tensors: −1 for the embeddings, and
    /// `layers` where only what is above them is adapted, if anything.
    public func lowestActing(layers: Int) -> Int {
        if embeddings != nil || norm(at: Place(Place.belowLayers, .embeddingNorm)) != nil {
            return Place.belowLayers
        }
        return (0..<layers).first { layer in
            prefix(in: layer) != nil
                || Site.ofLayers.contains { site in
                    let place = Place(layer, site)
                    return acts(at: place) || norm(at: place) != nil || linear(at: place) != nil
                }
        } ?? layers
    }
}
