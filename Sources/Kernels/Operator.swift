/// A part of a step's time; each target names its own in an extension.
package struct Operator: Hashable, Sendable {
    /// The name in tables.
    package let title: String

    package init(_ title: String) { self.title = title }
}

extension Operator {
    /// y = x Wᵀ of a linear map, from `inner` columns to `columns`.
    static func product(inner: Int, columns: Int) -> Operator { Operator("product \(inner) → \(columns)") }
    /// dx = dy W of a linear map.
    static func productBackward(inner: Int, columns: Int) -> Operator {
        Operator("product backward \(inner) → \(columns)")
    }
    /// dW += dyᵀ x.
    static let weightGradient = Operator("weight gradients")
    /// Scores, softmax and weighted values of all heads.
    package static let attention = Operator("attention")
    package static let attentionBackward = Operator("attention backward")
    static let gelu = Operator("GELU")
    static let geluBackward = Operator("GELU backward")
    static let relu = Operator("ReLU")
    static let swish = Operator("swish")
    static let layerNorm = Operator("LayerNorm")
    static let layerNormBackward = Operator("LayerNorm backward")
    /// Sums, copies and masks of whole activations.
    package static let elementwise = Operator("sums, copies, masks")
}
