import Diagnostics
package import Sampling

/// The `sampler` section: the rule for the tasks' shares with its settings, and the draw.
package struct SamplerSettings: Sendable, Codable {
    package let sampler: any Sampler
    package let draw: DrawMode

    private enum CodingKeys: String, CodingKey, CaseIterable { case name, draw }

    package init(_ sampler: any Sampler = SamplerTable.proportional, draw: DrawMode = .quota) {
        (self.sampler, self.draw) = (sampler, draw)
    }

    package var name: String { type(of: sampler).name }

    /// Reads a mapping, in which the named sampler reads its keys, or the name alone.
    package init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self.init(try Self.samplerType(named: name, decoder, at: decoder.codingPath).init())
            return
        }
        let standard = type(of: SamplerTable.proportional).name
        let section = try SettingsSection<CodingKeys>(
            decoder, of: SamplerTable.methods, namedBy: .name, default: standard)
        let name = try section.value(.name, default: standard)
        let type = try Self.samplerType(named: name, decoder, at: decoder.codingPath + [CodingKeys.name])
        self.init(
            try type.init(from: decoder, besides: CodingKeys.allCases.map(\.rawValue)),
            draw: try section.value(.draw, default: .quota))
    }

    private static func samplerType(
        named name: String, _ decoder: any Decoder, at path: [any CodingKey]
    ) throws -> any Sampler.Type {
        guard let type = SamplerTable.sampler(named: name) else {
            throw SamplerTable.methods.unknown(name, decoder, at: path)
        }
        return type
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(draw, forKey: .draw)
        try sampler.encode(to: encoder)
    }

    /// Refuses settings that do not fit the tasks, and a sampler that needs scores without evaluations.
    func check(taskNames: [String], _ evaluation: EvaluationSettings) throws {
        try sampler.check(tasks: taskNames)
        if sampler is any ScoreSampler, evaluation.every == 0 {
            throw Failure.usage(
                "is 0, so tasks are scored at the end of a stage alone, but the sampler \(name) reads "
                    + "scores", at: "evaluation.every",
                remedy: "set evaluation.every to a number of steps")
        }
    }

    /// How tasks are drawn by their probabilities.
    package enum DrawMode: String, NamedChoice {
        /// Each task has at any moment the micro-batches that it is due, to within one.
        case quota
        /// Each micro-batch's task is drawn independently of the others.
        case random
    }
}
