import Diagnostics

/// The operands of products with frozen weights.
package enum ProductArithmetic: String, NamedChoice {
    /// Floats.
    case float32
    /// Weights, activations and gradients rounded to bfloat16, to nearest with ties to even; sums are floats.
    case bfloat16
}
