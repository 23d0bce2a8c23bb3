/// The named places of a layer where an adapter may act, in the order of the forward pass.
///
/// Post-norm layer, input x: a = concatenated attention heads, o = a W_O + b_O, h1 = LN1(dropout(o) + x),
/// u = GELU(h1 W_1 + b_1), h2 = LN2(dropout(u W_2 + b_2) + h1).
public enum Site: Int, Sendable, CaseIterable, Comparable {
    /// a [T, d]: the concatenated heads, before W_O.
    case heads
    /// o [T, d]: after W_O, before dropout, residual and LN1.
    case projection
    /// γ and β of LN1, `attention.output.LayerNorm`.
    case attentionNorm
    /// γ and β of LN2, `output.LayerNorm`.
    case outputNorm

    /// The order of the forward pass.
    public static func < (left: Site, right: Site) -> Bool { left.rawValue < right.rawValue }
}

/// A site of one layer.
public struct Place: Hashable, Sendable, Comparable {
    /// The layer, from 0.
    public let layer: Int
    /// The site in the layer.
    public let site: Site

    /// Names a site of a layer.
    public init(_ layer: Int, _ site: Site) {
        self.layer = layer
        self.site = site
    }

    /// The order of the forward pass.
    public static func < (left: Place, right: Place) -> Bool {
        (left.layer, left.site) < (right.layer, right.site)
    }
}
