package import Adapters
import Diagnostics

/// A learning rate for each kind of parameter: one number for all, or a mapping by kind.
package struct LearningRates: Sendable, Codable, Equatable {
    private let rates: [ParameterKind: Double]

    /// One rate for every kind.
    package init(_ rate: Double) {
        rates = Dictionary(uniqueKeysWithValues: ParameterKind.allCases.map { ($0, rate) })
    }

    /// Reads a number, or a mapping by kind; kinds that are missing have the rate of `weight`.
    package init(from decoder: any Decoder) throws {
        if let rate = try? decoder.singleValueContainer().decode(Double.self) {
            rates = LearningRates(rate).rates
        } else if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            let found = (try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""
            throw Failure.usage(
                "expected a number, or a mapping of rates such as { weight: 3e-3, head: 1e-2 }\(found)",
                at: keyPath(decoder.codingPath))
        } else {
            let section = try SettingsSection<ParameterKind>(decoder)
            let standard: Double = try section.required(
                .weight, remedy: "it is the rate of weights, and of all kinds that have none of their own")
            rates = Dictionary(
                uniqueKeysWithValues: try ParameterKind.allCases.map {
                    ($0, try section.value($0, default: standard))
                })
        }
        if let bad = ParameterKind.allCases.first(where: { !(self[$0] >= 0 && self[$0].isFinite) }) {
            let kind = Set(rates.values).count == 1 ? "" : " for \(bad.rawValue)"
            throw Failure.usage(
                "is \(self[bad])\(kind), expected a finite number, 0 or more", at: keyPath(decoder.codingPath)
            )
        }
    }

    /// Writes one number if all rates are equal, otherwise the mapping.
    package func encode(to encoder: any Encoder) throws {
        if Set(rates.values).count == 1 {
            var container = encoder.singleValueContainer()
            try container.encode(self[.weight])
        } else {
            var container = encoder.container(keyedBy: ParameterKind.self)
            for kind in ParameterKind.allCases { try container.encode(self[kind], forKey: kind) }
        }
    }

    package subscript(kind: ParameterKind) -> Double {
        guard let rate = rates[kind] else { preconditionFailure("every kind has a rate") }
        return rate
    }
}
