package import Kernels

/// P keys and values [P, d] before those of each sequence, in every head.
///
/// Gradients are added, where there is memory for them.
package struct TrainedPrefix {
    package let keys, values: FrozenMatrix
    package let keyGradient, valueGradient: Matrix?

    package init(
        keys: FrozenMatrix, values: FrozenMatrix, keyGradient: Matrix? = nil, valueGradient: Matrix? = nil
    ) {
        self.keys = keys
        self.values = values
        self.keyGradient = keyGradient
        self.valueGradient = valueGradient
    }
}
