package import Combination
import Diagnostics

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
package enum AgreementMode: String, NamedChoice {
    /// In each step, from the gradient of each task; shared parameters travel once for each task.
    case on
    /// Not at all; if the rule does not compare tasks either, shared parameters travel once.
    case off
}

/// The `combination` section: the rule that makes one gradient of those of the tasks, with its settings.
package struct CombinationSettings: Sendable, Codable {
    package let rule: any CombinationRule
    package let over: ComparedParameters
    package let agreement: AgreementMode

    private enum CodingKeys: String, CodingKey, CaseIterable { case rule, over, agreement }

    package init(
        _ rule: any CombinationRule = CombinationTable.sum, over: ComparedParameters = .all,
        agreement: AgreementMode = .on
    ) {
        (self.rule, self.over, self.agreement) = (rule, over, agreement)
    }

    /// Reads `rule`, then lets that rule read its keys.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: CombinationTable.allKeys)
        let name = try section.value(.rule, default: "sum")
        guard let type = CombinationTable.rule(named: name) else {
            let names = CombinationTable.all.map { $0.name }
            throw section.failure(
                .rule, "unknown rule '\(name)'", remedy: decoder.remedy(forValue: name, allowed: names))
        }
        over = try section.value(.over, default: .all)
        agreement = try section.value(.agreement, default: .on)
        rule = try type.init(from: decoder, besides: CodingKeys.allCases.map(\.rawValue))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type(of: rule).name, forKey: .rule)
        try container.encode(over, forKey: .over)
        try container.encode(agreement, forKey: .agreement)
        try rule.encode(to: encoder)
    }
}
