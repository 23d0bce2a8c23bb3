import Diagnostics

/// The `search` section of a sweep: which trials there are, and how long each is trained.
package struct SweepSearch: Decodable, Sendable, Equatable {
    package enum Method: String, NamedChoice {
        /// Every combination of the parameters' values.
        case grid
        /// Trials with values drawn at random.
        case random
        /// Random trials, of which the better ones go on after each rung (synchronous successive halving).
        case halving
    }

    package let method: Method
    /// Random trials.
    package let trials: Int
    /// The seed of the parameters' values.
    package let seed: UInt64
    /// The ratio of one rung's trials to the next one's, and of the next one's steps to this one's.
    package let factor: Int
    /// Steps of the adapter stage in the first rung.
    package let first: Int

    private enum CodingKeys: String, CodingKey, CaseIterable { case method, trials, seed, factor, first }

    package init(
        _ method: Method = .grid, trials: Int = 0, seed: UInt64 = 1, factor: Int = 3, first: Int = 0
    ) {
        (self.method, self.trials, self.seed, self.factor, self.first) = (
            method, trials, seed, factor, first
        )
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let method: Method = try section.value(.method, default: .grid)
        self.method = method
        func only(_ keys: [CodingKeys], for methods: [Method]) throws {
            guard !methods.contains(method), let key = keys.first(where: section.has) else { return }
            throw section.failure(
                key,
                "belongs to \(methods.map(\.rawValue).joined(separator: " and ")), not to \(method.rawValue)")
        }
        try only([.trials, .seed], for: [.random, .halving])
        try only([.factor, .first], for: [.halving])
        trials = method == .grid ? 0 : try section.required(.trials)
        seed = try section.value(.seed, default: 1)
        factor = try section.value(.factor, default: 3)
        first = method == .halving ? try section.required(.first) : 0
        try section.require(
            method == .grid || (1...SweepSettings.mostTrials).contains(trials), .trials,
            "is \(trials), expected 1 to \(SweepSettings.mostTrials)")
        try section.require((2...1000).contains(factor), .factor, "is \(factor), expected 2 to 1000")
        try section.require(
            method != .halving || (1...StageSettings.mostSteps).contains(first), .first,
            "is \(first), expected 1 to \(StageSettings.mostSteps) steps")
    }
}
