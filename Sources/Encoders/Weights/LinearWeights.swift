package import Kernels

/// A frozen linear map y = x Wᵀ + b.
package struct LinearWeights {
    /// W [out, in].
    package let weight: FrozenWeight
    /// b [out].
    package let bias: UnsafePointer<Float>
}
