package import Kernels

/// W [out, in] and b [out] that replace a frozen linear map's.
///
/// Gradients are added, where there is memory for them.
package struct TrainedLinear {
    /// W; nil to use the frozen one.
    package let weight: FrozenMatrix?
    /// b; nil to use the frozen one.
    package let bias: UnsafePointer<Float>?
    package let weightGradient: Matrix?
    package let biasGradient: UnsafeMutablePointer<Float>?

    package init(
        weight: FrozenMatrix? = nil, bias: UnsafePointer<Float>? = nil, weightGradient: Matrix? = nil,
        biasGradient: UnsafeMutablePointer<Float>? = nil
    ) {
        self.weight = weight
        self.bias = bias
        self.weightGradient = weightGradient
        self.biasGradient = biasGradient
    }
}
