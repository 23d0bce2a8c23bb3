package import Kernels

extension Operator {
    /// Combination, clipping and AdamW.
    package static let optimizer = Operator("optimizer")
    /// Rounding of gradients, and their exchange between ranks, including waiting.
    static let sum = Operator("exchange, with waiting")
    /// Packing examples into batches.
    static let packing = Operator("packing")
    /// Drawing the next step's plan, on rank 0.
    package static let planning = Operator("planning")
    /// Reading and writing cached activations.
    static let cache = Operator("activation cache")
}
