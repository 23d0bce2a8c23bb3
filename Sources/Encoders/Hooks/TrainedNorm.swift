/// γ and β [d] that replace a frozen LayerNorm's.
///
/// Gradients are added, where there is memory for them.
package struct TrainedNorm {
    /// γ.
    package let scale: UnsafePointer<Float>
    /// β.
    package let shift: UnsafePointer<Float>
    package let scaleGradient, shiftGradient: UnsafeMutablePointer<Float>?

    package init(
        scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
        scaleGradient: UnsafeMutablePointer<Float>? = nil, shiftGradient: UnsafeMutablePointer<Float>? = nil
    ) {
        self.scale = scale
        self.shift = shift
        self.scaleGradient = scaleGradient
        self.shiftGradient = shiftGradient
    }
}
