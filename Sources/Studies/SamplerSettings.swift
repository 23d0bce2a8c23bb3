import Diagnostics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The rule for the probability of each task, from its number of training examples n_i.
package enum SamplerName: String, NamedChoice {
    /// 1 / T.
    case uniform
    /// Active tasks in strict turn.
    case roundrobin
    /// n_i / Σ n.
    case proportional
    /// ∝ min(n_i, cap)^(1/τ) (Raffel et al., "T5", 2020; τ = 10 in HyperFormer).
    case temperature
    /// ∝ n_i^α with α_e = 1 − 0.8 e / (E − 1) in epoch e of E (Stickland and Murray, "PALs", 2019).
    case annealed
    /// ∝ the weights of the study.
    case weighted
}

/// The `sampler` section.
package struct SamplerSettings: Sendable, Codable, Equatable {
    package let name: SamplerName
    /// τ of `temperature`.
    package let temperature: Double
    /// The cap on n_i of `temperature`; 0 for none.
    package let cap: Int
    /// Each task's weight for `weighted`.
    package let weights: [String: Double]

    enum CodingKeys: String, CodingKey, CaseIterable { case name, temperature, cap, weights }

    package init(
        _ name: SamplerName = .proportional, temperature: Double = 10, cap: Int = 0,
        weights: [String: Double] = [:]
    ) {
        self.name = name
        self.temperature = temperature
        self.cap = cap
        self.weights = weights
    }

    /// Reads a mapping, or the name alone.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            (name, temperature, cap, weights) = (try SamplerName(from: decoder), 10, 0, [:])
            return
        }
        let section = try SettingsSection<CodingKeys>(decoder)
        name = try section.value(.name, default: .proportional)
        temperature = try section.value(.temperature, default: 10)
        cap = try section.value(.cap, default: 0)
        weights = try section.value(.weights, default: [:])
        try section.require(temperature > 0, .temperature, "is \(temperature), expected a positive number")
        try section.require(cap >= 0, .cap, "is \(cap), expected 0 (no limit) or more")
        try section.require(
            weights.values.allSatisfy { $0 > 0 && $0.isFinite }, .weights,
            "has a weight that is not a positive number")
    }

    func check(taskNames: [String]) throws {
        if let unknown = weights.keys.sorted().first(where: { !taskNames.contains($0) }) {
            throw Failure.usage(
                "has '\(unknown)', which is not a task of the study", at: "sampler.weights",
                remedy: didYouMean(unknown, among: taskNames))
        }
        if name == .weighted, let missing = taskNames.first(where: { weights[$0] == nil }) {
            throw Failure.usage("has no weight for '\(missing)'", at: "sampler.weights")
        }
    }

    /// The probability of each task in an epoch; 0 for inactive tasks.
    ///
    /// - Parameters:
    ///   - tasks: each task's name and number of training examples
    ///   - active: whether each task is still drawn
    ///   - epoch: the epoch of the draw, from 0
    ///   - epochs: the number of epochs in the stage
    /// - Returns: numbers that add up to 1 if any task is active
    package func probabilities(
        _ tasks: [(name: String, examples: Int)], active: [Bool], epoch: Int, epochs: Int
    ) -> [Double] {
        func counted(_ n: Int) -> Double { Double(cap > 0 ? min(n, cap) : n) }
        let largest = zip(tasks, active).map { $1 ? counted($0.examples) : 1 }.max() ?? 1
        let shares = zip(tasks, active).map { task, active -> Double in
            guard active else { return 0 }
            let n = Double(task.examples)
            switch name {
            case .uniform, .roundrobin: return 1
            case .proportional: return n
            // Relative to the largest, so that no power overflows.
            case .temperature: return pow(counted(task.examples) / largest, 1 / temperature)
            case .annealed:
                let progress = epochs > 1 ? Double(min(epoch, epochs - 1)) / Double(epochs - 1) : 0
                return pow(n, 1 - 0.8 * progress)
            case .weighted: return weights[task.name] ?? 0
            }
        }
        let most = shares.max() ?? 0
        let total = shares.reduce(0) { $0 + $1 / most }
        return most > 0 ? shares.map { $0 / most / total } : shares
    }
}
