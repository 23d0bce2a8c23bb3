package import Kernels

// Activations below the lowest adapted site do not depend on the batch: every row of a product, LayerNorm or
// GELU depends on that row alone, attention on its sequence alone. They can be computed once and reused bit
// for bit.

/// A point of a layer from which a forward can begin if everything below is frozen.
package enum FrozenPoint: String, Sendable, Comparable {
    /// Its input x.
    case input
    /// After attention, with x and the heads a.
    case heads
    /// Between attention and the feed-forward layer, with h1.
    case middle

    /// The number of matrices [T, d] that define the state there.
    package var matrices: Int { self == .heads ? 2 : 1 }

    /// The share below, in twelfths of a layer's multiplications by weights, for f = 4 d.
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
    /// The lowest adapted layer: −1 for the embeddings, the number of layers if none is adapted.
    package let layer: Int
    /// The point up to which that layer is frozen.
    package let point: FrozenPoint

    package init(layer: Int, _ point: FrozenPoint = .input) {
        self.layer = layer
        self.point = point
    }

    /// Only the embeddings are frozen.
    static let bottom = FrozenDepth(layer: 0)
}

/// The activations at a point of a layer.
package struct FrozenState {
    /// x [T, d], or h1 [T, d] at ``FrozenPoint/middle``.
    package let residual: Matrix
    /// a [T, d] at ``FrozenPoint/heads``; nil elsewhere.
    package let heads: Matrix?

    package init(residual: Matrix, heads: Matrix? = nil) {
        self.residual = residual
        self.heads = heads
    }

    /// The rows of some tokens.
    package func rows(_ tokens: Range<Int>) -> FrozenState {
        FrozenState(residual: residual.rows(tokens), heads: heads?.rows(tokens))
    }
}

/// A start of a forward above the embeddings, with activations from a cache.
package struct FrozenInput {
    package let depth: FrozenDepth
    /// Copies the batch's activations there into the state.
    package let fill: (FrozenState, Workspace) -> Void

    package init(at depth: FrozenDepth, fill: @escaping (FrozenState, Workspace) -> Void) {
        self.depth = depth
        self.fill = fill
    }
}

extension EncoderAdaptation {
    /// The depth of an encoder of `layers` layers below which no hook acts and no tensor is replaced.
    package func frozenDepth(layers: Int) -> FrozenDepth {
        if embeddings != nil || norm(at: .embeddingNorm) != nil {
            return FrozenDepth(layer: LayerSite.belowLayers)
        }
        for layer in 0..<layers {
            let lowest = Site.ofLayers.first { site in
                let own = LayerSite(layer, site)
                return acts(at: own) || norm(at: own) != nil || linear(at: own) != nil
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
