import Diagnostics

/// A measure of how much two tasks have in common.
package enum AffinityMeasure: String, NamedChoice {
    /// The share of task j's loss that a step of task i takes off, to first order: TAG's affinity.
    case affinity
    /// The mean cosine of the gradients of a step.
    case cosine
    /// The cosine of the gradients without their noise.
    case corrected
    /// The cosine of the changes of two trained adapters.
    case adapters

    /// Whether it is measured while tasks train together, and not on trained adapters.
    package var isOfGradients: Bool { self != .adapters }

    /// A heading.
    var title: String {
        switch self {
        case .affinity: "share of the column's loss that a step of the row's task takes off"
        case .cosine: "cosine of gradients"
        case .corrected: "cosine of gradients, corrected for noise"
        case .adapters: "cosine of what training changed in the adapters"
        }
    }
}
