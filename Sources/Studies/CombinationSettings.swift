package import Combination
import Diagnostics

/// The `combination` section: the weighting of the tasks' losses and the rule that combines their gradients,
/// with their settings.
package struct CombinationSettings: Sendable, Codable {
    package let rule: any CombinationRule
    package let over: ComparedParameters
    /// The weights by which gradients are scaled before the rule; the rule's standard ones by default.
    package let weights: any LossWeighting
    /// The average of the rule's weights over steps.
    package let smoothing: Smoothing
    package let agreement: Agreement

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case rule, over, weights, smoothing, agreement
    }

    package init(_ rule: any CombinationRule = CombinationTable.sum, agreement: Agreement = .on) {
        (self.rule, over) = (rule, .all)
        weights = type(of: rule).standardWeighting.init()
        smoothing = Smoothing(share: 0)
        self.agreement = agreement
    }

    /// Whether the study names no other weights than the rule's standard ones.
    package var hasStandardWeights: Bool { type(of: weights) == type(of: rule).standardWeighting }

    /// Reads `rule`, then lets that rule read its keys.
    package init(from decoder: any Decoder) throws {
        let standard = type(of: CombinationTable.sum).name
        let section = try SettingsSection<CodingKeys>(
            decoder, of: CombinationTable.methods, namedBy: .rule, default: standard)
        let name = try section.value(.rule, default: standard)
        guard let type = CombinationTable.rule(named: name) else {
            throw CombinationTable.methods.unknown(
                name, decoder, at: decoder.codingPath + [CodingKeys.rule])
        }
        over = try section.value(.over, default: .all)
        agreement = try section.value(.agreement, default: .on)
        weights =
            try section.optional(.weights, WeightingSettings.self)?.weighting
            ?? type.standardWeighting.init()
        let share = try section.value(.smoothing, default: 0.0)
        try section.require(
            (0..<1).contains(share), .smoothing, "is \(share), expected 0 (off) or more and below 1")
        smoothing = Smoothing(share: share)
        rule = try type.init(from: decoder, besides: CodingKeys.allCases.map(\.rawValue))
        guard type.isConstant else { return }
        if over != .all {
            throw section.failure(
                .over, "is \(over.rawValue), but \(name) does not compare gradients",
                remedy: "leave it out, or name a rule that compares them")
        }
        if share > 0 {
            throw section.failure(
                .smoothing, "is \(share), but the weights of \(name) do not change from step to step",
                remedy: "leave it out, or name a rule that compares gradients")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type(of: rule).name, forKey: .rule)
        try container.encode(over, forKey: .over)
        try container.encode(WeightingSettings(weights), forKey: .weights)
        try container.encode(smoothing.share, forKey: .smoothing)
        try container.encode(agreement, forKey: .agreement)
        try rule.encode(to: encoder)
    }

    func check(taskNames: [String]) throws {
        guard let given = weights as? Given else { return }
        try requireTasks(given.numbers.keys, among: taskNames, at: "combination.weights")
    }

    /// The parameters within which the gradients of tasks are compared; always of one owner.
    package enum ComparedParameters: String, NamedChoice {
        /// All that the same tasks share.
        case all
        /// Those of one kind: weights, biases, norms or the head.
        case kind
        /// Those of one layer.
        case layer
        /// One tensor.
        case tensor
    }

    /// Whether the agreement of tasks is measured.
    package enum Agreement: String, NamedChoice {
        /// In each step, from the gradient of each task; shared parameters travel once for each task.
        case on
        /// Not at all; if the rule does not compare tasks either, shared parameters travel once.
        case off
    }
}
