/// A task of a step with the weight of its loss.
struct WeightedTask {
    let task: Int
    /// The number of its examples.
    let examples: Double
    /// Their mean loss.
    let loss: Double
    let weight: Double
}
