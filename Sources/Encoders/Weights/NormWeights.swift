/// A frozen LayerNorm.
package struct NormWeights {
    /// γ [d], or [e] of the embeddings.
    package let scale: UnsafePointer<Float>
    /// β [d], or [e] of the embeddings.
    package let shift: UnsafePointer<Float>
}
