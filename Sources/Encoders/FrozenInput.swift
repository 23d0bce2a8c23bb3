package import Kernels

// What nothing acts below reads the same numbers of an example whenever it is computed, in whatever batch: each token's row
// of every product, LayerNorm and GELU depends on that row alone, attention on its sequence alone. So they can be computed
// once and kept, with the bits that they would have had.

/// A point of a layer where a forward can begin, when what lies below is frozen.
package enum FrozenPoint: String, Sendable, Comparable {
    /// Its input x.
    case input
    /// After attention, with x and the heads a: nothing acts on q, k and v.
    case heads
    /// Between attention and the feed-forward layer, with h1.
    case middle

    /// The matrices [T, d] that are given there.
    package var matrices: Int { self == .heads ? 2 : 1 }

    /// How many of a layer's 12 d² multiplications with weights, where f = 4 d, lie below.
    package var twelfths: Int {
        switch self {
        case .input: 0
        case .heads: 3
        case .middle: 4
        }
    }

    package static func < (left: FrozenPoint, right: FrozenPoint) -> Bool { left.twelfths < right.twelfths }
}

/// How much of an encoder is frozen, from the embeddings up.
package struct FrozenDepth: Sendable, Equatable {
    /// The lowest layer in which anything acts: −1 for the embeddings, and the number of layers where only what is above
    /// them is adapted, if anything.
    package let layer: Int
    /// How far that layer is frozen itself.
    package let point: FrozenPoint

    /// Names a point of a layer.
    package init(layer: Int, _ point: FrozenPoint = .input) {
        self.layer = layer
        self.point = point
    }

    /// The lowest layer's input: the embeddings alone are frozen.
    static let bottom = FrozenDepth(layer: 0)
}

/// Memory for what is given at a point of a layer.
package struct FrozenState {
    /// x [T, d], or h1 [T, d] in the middle.
    package let residual: Matrix
    /// a [T, d] at the heads; nil elsewhere.
    package let heads: Matrix?

    /// Names the memory.
    package init(residual: Matrix, heads: Matrix? = nil) {
        self.residual = residual
        self.heads = heads
    }

    /// The rows of some tokens.
    package func rows(_ tokens: Range<Int>) -> FrozenState {
        FrozenState(residual: residual.rows(tokens), heads: heads?.rows(tokens))
    }
}

/// What a forward begins with, from elsewhere than the layers below.
package struct FrozenInput {
    /// Where it begins.
    package let depth: FrozenDepth
    /// Puts what the frozen backbone gives there to the batch's tokens into memory.
    package let fill: (FrozenState, Workspace) -> Void

    /// Names a depth and where its numbers come from.
    package init(at depth: FrozenDepth, fill: @escaping (FrozenState, Workspace) -> Void) {
        self.depth = depth
        self.fill = fill
    }
}

extension EncoderAdaptation {
    /// How much of an encoder of so many layers is frozen: nothing below acts or stands in for the backbone's tensors.
    package func frozenDepth(layers: Int) -> FrozenDepth {
        if embeddings != nil || norm(at: Place(Place.belowLayers, .embeddingNorm)) != nil {
            return FrozenDepth(layer: Place.belowLayers)
        }
        for layer in 0..<layers {
            let lowest = Site.ofLayers.first { site in
                let place = Place(layer, site)
                return acts(at: place) || norm(at: place) != nil || linear(at: place) != nil
                    || (site == .prefix && prefix(in: layer) != nil)
            }
            guard let lowest else { continue }
            let point: FrozenPoint =
                lowest >= .attentionOutput ? .middle : lowest >= .heads ? .heads : .input
            return FrozenDepth(layer: layer, point)
        }
        return FrozenDepth(layer: layers)
    }
}
