import Diagnostics

/// The `then` section of a sweep: the best trials again, with other seeds, scored on dev.
package struct FreshSeeds: Decodable, Sendable, Equatable {
    /// The number of trials.
    package let best: Int
    /// The parameter for each of whose values the best trials are repeated; nil for the best of all.
    package let per: String?
    package let seeds: [UInt64]
    /// Keys of the study that these runs change, such as the number of steps.
    package let changes: [Trial.Setting]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case best, per, seeds, changes = "set"
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        best = try section.value(.best, default: 1)
        per = try section.optional(.per)
        seeds = try section.required(.seeds)
        changes = try section.keyed(.changes, ParameterValue.self, in: decoder).map {
            Trial.Setting(key: $0.key, value: $0.value.text)
        }
        try section.require(
            (1...SweepSettings.mostTrials).contains(best), .best,
            "is \(best), expected 1 to \(SweepSettings.mostTrials)")
        try section.requireDistinct(seeds, .seeds)
    }
}
