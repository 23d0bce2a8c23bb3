package import Kernels

/// A copy of a backbone that may be written, for folding adapters into it.
package final class MergedWeights {
    /// The backbone that computes with the copies.
    package let weights: EncoderWeights

    package init(copying other: EncoderWeights) { weights = EncoderWeights(copying: other) }

    /// W [out, in] and b [out] of a linear site; nil if the backbone has no such map.
    package func linear(at site: LayerSite) -> (weight: Matrix, bias: UnsafeMutablePointer<Float>)? {
        weights.linear(at: site).map { ($0.weight, UnsafeMutablePointer(mutating: $0.bias)) }
    }

    /// γ and β [d] of a norm site.
    package func norm(
        at site: LayerSite
    ) -> (scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>) {
        let own = weights.norm(at: site)
        return (UnsafeMutablePointer(mutating: own.scale), UnsafeMutablePointer(mutating: own.shift))
    }
}
