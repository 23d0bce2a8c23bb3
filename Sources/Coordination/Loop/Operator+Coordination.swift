package import Kernels

extension Operator {
    /// Combination, clipping and AdamW.
    package static let optimizer = Operator("optimizer")
    /// Inner products of the tasks' gradients, for a rule and for the measured agreement.
    package static let agreement = Operator("agreement of tasks")
    /// Rounding of gradients, and their exchange between ranks, including waiting.
    static let sum = Operator("exchange, with waiting")
    /// Packing examples into batches.
    static let packing = Operator("packing")
    /// Drawing the next step's plan, on rank 0.
    package static let planning = Operator("planning")
    /// Reading and writing cached activations.
    static let cache = Operator("activation cache")
}
