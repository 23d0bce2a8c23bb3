package import Kernels

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

/// W [out, in] and b [out] that replace a frozen linear map's.
///
/// Gradients are added, where there is memory for them.
package struct TrainedLinear {
    /// W; nil to use the frozen one.
    package let weight: Matrix?
    /// b; nil to use the frozen one.
    package let bias: UnsafePointer<Float>?
    package let weightGradient: Matrix?
    package let biasGradient: UnsafeMutablePointer<Float>?

    package init(
        weight: Matrix? = nil, bias: UnsafePointer<Float>? = nil, weightGradient: Matrix? = nil,
        biasGradient: UnsafeMutablePointer<Float>? = nil
    ) {
        self.weight = weight
        self.bias = bias
        self.weightGradient = weightGradient
        self.biasGradient = biasGradient
    }
}

/// P keys and values [P, d] before those of each sequence, in every head.
///
/// Gradients are added, where there is memory for them.
package struct TrainedPrefix {
    package let keys, values: Matrix
    package let keyGradient, valueGradient: Matrix?

    package init(keys: Matrix, values: Matrix, keyGradient: Matrix? = nil, valueGradient: Matrix? = nil) {
        self.keys = keys
        self.values = values
        self.keyGradient = keyGradient
        self.valueGradient = valueGradient
    }
}

/// Embedding tables that replace the frozen ones.
///
/// Gradients are added, where there is memory for them.
package struct TrainedEmbeddings {
    package let tables: EmbeddingTables
    package let gradients: EmbeddingTables?

    package init(_ tables: EmbeddingTables, gradients: EmbeddingTables? = nil) {
        self.tables = tables
        self.gradients = gradients
    }
}
