import Formats

/// The numbers that rule, weighting and smoothing remember from step to step of a stage.
struct CombinationMemory: Equatable, Sendable {
    /// By part of the parameters, a rule's number for each ordered pair of the study's tasks.
    var pairs: [String: [[Double]]] = [:]
    /// By part, the average of each task's weights so far; nil before the task's first step.
    var averageWeights: [String: [Double?]] = [:]
    /// By task, the weighting's numbers; empty before the first step.
    var weighting: [[Double]] = []
    /// The averages of the tasks' gradients, in the ``PerTaskLayout``; empty before the first step, and if
    /// the rule combines none.
    var averageGradients: [Float] = []

    /// All numbers but the averages of gradients, for a checksum.
    var numbers: [Double] {
        pairs.sorted { $0.key < $1.key }.flatMap { $0.value.joined() }
            + averageWeights.sorted { $0.key < $1.key }.flatMap { $0.value.map { $0 ?? .infinity } }
            + weighting.joined()
    }

    /// The part of a checkpoint that is not tensors.
    struct Facts: Codable {
        let pairs: NamedValues<[[Double]]>?
        let averageWeights: NamedValues<[Double?]>?
        let weighting: [[Double]]?
    }

    /// Nil if nothing is remembered.
    var facts: Facts? {
        if pairs.isEmpty, averageWeights.isEmpty, weighting.isEmpty { return nil }
        func named<Value>(_ values: [String: Value]) -> NamedValues<Value>? {
            values.isEmpty ? nil : NamedValues(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
        return Facts(
            pairs: named(pairs), averageWeights: named(averageWeights),
            weighting: weighting.isEmpty ? nil : weighting)
    }

    init() {}

    /// Restores saved facts of a study with `tasks` tasks; nil if they do not fit it.
    ///
    /// `numbers` is how many numbers the study's weighting has of each task.
    init?(_ facts: Facts, tasks: Int, numbers: Int) {
        for entry in facts.pairs?.entries ?? [] {
            guard entry.value.count == tasks,
                entry.value.allSatisfy({ $0.count == tasks && $0.allSatisfy(\.isFinite) })
            else { return nil }
            pairs[entry.name] = entry.value
        }
        for entry in facts.averageWeights?.entries ?? [] {
            guard entry.value.count == tasks, entry.value.allSatisfy({ $0?.isFinite ?? true }) else {
                return nil
            }
            averageWeights[entry.name] = entry.value
        }
        weighting = facts.weighting ?? []
        guard weighting.isEmpty || weighting.count == tasks,
            weighting.allSatisfy({ $0.count == numbers && $0.allSatisfy(\.isFinite) })
        else { return nil }
    }
}
