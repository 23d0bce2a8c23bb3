import Diagnostics

/// Shares ∝ the weights of the study.
struct Weighted: Sampler {
    static let name = "weighted"
    static let summary = "by the weights that the study gives"
    static let source = "the study"
    static let keys = [
        MethodKey(
            "weights", \Weighted.weights, allowed: "a positive number for each task", "each task's weight"
        ) {
            $0.values.allSatisfy { $0 > 0 && $0.isFinite }
                ? nil : "has a weight that is not a positive number"
        }
    ]
    var weights: [String: Double] = [:]

    func check(tasks: [String]) throws {
        try requireTasks(weights.keys, among: tasks, at: "sampler.weights")
        if let missing = tasks.first(where: { weights[$0] == nil }) {
            throw Failure.usage("has no weight for '\(missing)'", at: "sampler.weights")
        }
    }

    func weights(_ tasks: SampledTasks) -> [Double] { tasks.names.map { weights[$0] ?? 0 } }
}
