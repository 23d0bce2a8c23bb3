package import Kernels

/// A copy of a backbone that may be written, for folding adapters into it.
///
/// The copies are its own, so it alone may write through the backbone's read-only views.
package final class MergedWeights {
    /// The backbone that computes with the copies.
    package let weights: EncoderWeights

    package init(copying other: EncoderWeights) { weights = EncoderWeights(copying: other) }

    /// W [out, in] and b [out] of a linear site; nil if the backbone has no such map.
    package func linear(at site: LayerSite) -> (weight: Matrix, bias: UnsafeMutablePointer<Float>)? {
        weights.linear(at: site).map { linear in
            guard let weight = linear.weight.floats else {
                preconditionFailure("a copy of a backbone has floats alone")
            }
            return (
                Matrix(UnsafeMutablePointer(mutating: weight.base), weight.rows, weight.columns),
                UnsafeMutablePointer(mutating: linear.bias)
            )
        }
    }

    /// A table of the embeddings; nil if the backbone has none.
    package func table(_ table: EmbeddingTable) -> Matrix? {
        weights.embeddings[table].map { Matrix(UnsafeMutablePointer(mutating: $0.base), $0.rows, $0.columns) }
    }

    /// γ and β of a norm site, as wide as ``EncoderConfiguration/width(ofNorm:)`` says.
    package func norm(
        at site: LayerSite
    ) -> (scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>) {
        let own = weights.norm(at: site)
        return (UnsafeMutablePointer(mutating: own.scale), UnsafeMutablePointer(mutating: own.shift))
    }
}
