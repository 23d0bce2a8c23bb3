import Diagnostics

/// A sweep file: a study, the keys that its trials change, and the search for the best of them.
package struct SweepSettings: Decodable, Sendable {
    /// The study file, relative to the sweep file.
    package let base: String
    /// The ranks that train a trial together.
    package let ranksPerTrial: Int
    package let metric: SweepMetric
    package let search: SweepSearch
    package let parameters: [SweepParameter]
    /// The seeds of each trial, whose metric is their mean.
    package let seeds: [UInt64]
    /// The best trials again with fresh seeds; nil for none.
    package let then: FreshSeeds?

    /// The bound on the number of trials.
    package static let mostTrials = 100_000

    enum CodingKeys: String, CodingKey, CaseIterable {
        case base, ranksPerTrial, metric, search, parameters, seeds, then
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        base = try section.required(.base, remedy: "name a study file, relative to this file")
        ranksPerTrial = try section.value(.ranksPerTrial, default: 1)
        metric = try section.value(.metric, default: SweepMetric())
        search = try section.value(.search, default: SweepSearch())
        parameters = try Self.parameters(of: section, in: decoder)
        seeds = try section.value(.seeds, default: [1])
        then = try section.optional(.then)
        try section.require(ranksPerTrial >= 1, .ranksPerTrial, "is \(ranksPerTrial), expected 1 or more")
        try section.requireDistinct(seeds, .seeds)
        let keys = parameters.map(\.key)
        try section.require(!keys.isEmpty, .parameters, "is empty, expected at least one key of the study")
        if let per = then?.per, !keys.contains(per) {
            throw Failure.usage(
                "is '\(per)', which is no parameter of this sweep", at: "then.per",
                remedy: didYouMean(per, among: keys))
        }
        if let then { try requireFresh(then) }
        for key in keys { try requireChoice(key, at: "parameters.\(key)") }
        for change in then?.changes ?? [] { try requireChoice(change.key, at: "then.set.\(change.key)") }
        if search.method == .grid { try requireGrid(section) }
    }

    private static func parameters(of section: SettingsSection<CodingKeys>, in decoder: any Decoder) throws
        -> [SweepParameter]
    {
        if !section.has(.parameters) { throw section.missing(.parameters) }
        return try section.keyed(.parameters, SweepParameter.Range.self, in: decoder).map {
            SweepParameter(key: $0.key, range: $0.value)
        }
    }

    /// Refuses winners' seeds that a trial was chosen with, and a choice that halving may leave empty.
    private func requireFresh(_ then: FreshSeeds) throws {
        if let seed = then.seeds.first(where: seeds.contains) {
            throw Failure.usage(
                "has \(seed), a seed of the trials, with which the winners were chosen", at: "then.seeds",
                remedy: "give seeds that the sweep's key seeds does not have")
        }
        if then.per != nil, search.method == .halving {
            throw Failure.usage(
                "belongs to grid and random, not to halving, which may leave all trials of a value behind",
                at: "then.per")
        }
    }

    /// Refuses a key of the study that the sweep itself decides for every run.
    private func requireChoice(_ key: String, at place: String) throws {
        let remedy: String
        switch key {
        case "seed": remedy = "use the sweep's keys seeds and then.seeds"
        case "evaluation.every" where search.method == .halving:
            remedy = "trials of a halving search are evaluated every search.first steps"
        case "evaluation.heldOut" where metric.on == .dev || place.hasPrefix("then."):
            remedy = "a run that is scored on dev holds out nothing"
        default: return
        }
        throw Failure.usage("cannot be chosen: the sweep sets \(key)", at: place, remedy: remedy)
    }

    private func requireGrid(_ section: SettingsSection<CodingKeys>) throws {
        var trials = 1
        for parameter in parameters {
            guard let count = parameter.range.count else {
                throw Failure.usage(
                    "is a range of real numbers, of which a grid cannot have all",
                    at: "parameters.\(parameter.key)",
                    remedy: "list values, or use search: { method: random, trials: N }")
            }
            let (product, overflow) = trials.multipliedReportingOverflow(by: count)
            trials = overflow ? .max : product
            try section.require(
                trials <= Self.mostTrials, .parameters,
                "has more than \(Self.mostTrials) combinations of values")
        }
    }
}

extension SettingsSection {
    /// Throws unless there is at least one seed, and none twice: runs of one seed are one run.
    func requireDistinct(_ seeds: [UInt64], _ key: Key) throws {
        try require(!seeds.isEmpty, key, "is empty, expected at least one seed")
        let repeated = seeds.indices.first { seeds[..<$0].contains(seeds[$0]) }
        try require(repeated == nil, key, "has \(seeds[repeated ?? 0]) twice, expected distinct seeds")
    }

    /// The values under a section's own keys, which name keys of a study, in the file's order; none if the
    /// section is absent.
    func keyed<Value: Decodable>(_ key: Key, _ type: Value.Type, in decoder: any Decoder) throws
        -> [(key: String, value: Value)]
    {
        guard has(key) else { return [] }
        let section = try decoder.container(keyedBy: Key.self)
        guard let container = try? section.nestedContainer(keyedBy: NameKey.self, forKey: key) else {
            throw failure(key, "expected a mapping from keys of the study")
        }
        return try container.allKeys.map {
            (key: $0.stringValue, value: try container.decode(Value.self, forKey: $0))
        }
    }
}
