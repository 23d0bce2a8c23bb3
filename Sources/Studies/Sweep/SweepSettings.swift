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
        try section.require(!seeds.isEmpty, .seeds, "is empty, expected at least one seed")
        let keys = parameters.map(\.key)
        try section.require(!keys.isEmpty, .parameters, "is empty, expected at least one key of the study")
        if let per = then?.per, !keys.contains(per) {
            throw Failure.usage(
                "is '\(per)', which is no parameter of this sweep", at: "then.per",
                remedy: didYouMean(per, among: keys))
        }
        if search.method == .grid { try requireGrid(section) }
    }

    private static func parameters(of section: SettingsSection<CodingKeys>, in decoder: any Decoder) throws
        -> [SweepParameter]
    {
        if !section.has(.parameters) { throw section.failure(.parameters, "missing key 'parameters'") }
        return try section.keyed(.parameters, SweepParameter.Range.self, in: decoder).map { entry in
            if entry.key == "seed" {
                throw Failure.usage(
                    "is no parameter: a trial's metric is the mean over seeds", at: "parameters.seed",
                    remedy: "use the sweep's key seeds")
            }
            return SweepParameter(key: entry.key, range: entry.value)
        }
    }

    private func requireGrid(_ section: SettingsSection<CodingKeys>) throws {
        var trials = 1
        for parameter in parameters {
            guard let all = parameter.range.all else {
                throw Failure.usage(
                    "is a range of real numbers, of which a grid cannot have all",
                    at: "parameters.\(parameter.key)",
                    remedy: "list values, or use search: { method: random, trials: N }")
            }
            let (product, overflow) = trials.multipliedReportingOverflow(by: all.count)
            trials = overflow ? .max : product
            try section.require(
                trials <= Self.mostTrials, .parameters,
                "has more than \(Self.mostTrials) combinations of values")
        }
    }
}

/// A value under a key of a study.
struct KeyedValue<Value> {
    let key: String
    let value: Value
}

extension SettingsSection {
    /// The values under a section's own keys, which name keys of a study, in the file's order; none if the
    /// section is absent.
    func keyed<Value: Decodable>(_ key: Key, _ type: Value.Type, in decoder: any Decoder) throws
        -> [KeyedValue<Value>]
    {
        guard has(key) else { return [] }
        let section = try decoder.container(keyedBy: Key.self)
        guard let container = try? section.nestedContainer(keyedBy: NameKey.self, forKey: key) else {
            throw failure(key, "expected a mapping from keys of the study")
        }
        return try container.allKeys.map {
            KeyedValue(key: $0.stringValue, value: try container.decode(Value.self, forKey: $0))
        }
    }
}
