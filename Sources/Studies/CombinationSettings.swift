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

/// The `combination` section: the rule that makes one gradient of those of the tasks, with its settings.
package struct CombinationSettings: Sendable, Codable {
    package let rule: any CombinationRule
    package let over: ComparedParameters

    private enum CodingKeys: String, CodingKey, CaseIterable { case rule, over }

    package init(_ rule: any CombinationRule = CombinationTable.sum, over: ComparedParameters = .all) {
        (self.rule, self.over) = (rule, over)
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
        rule = try type.init(from: decoder, besides: CodingKeys.allCases.map(\.rawValue))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type(of: rule).name, forKey: .rule)
        try container.encode(over, forKey: .over)
        try rule.encode(to: encoder)
    }
}
