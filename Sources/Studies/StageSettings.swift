package import Adapters
import Diagnostics
package import Training

/// The `stages` section: the heads are trained first, then the adapters.
package struct Stages: Sendable, Codable, Equatable {
    /// Trains the heads on the frozen backbone.
    package private(set) var head = StageSettings(rate: 1e-3)
    /// Trains adapters and norms.
    package private(set) var adapter = StageSettings(rate: 3e-3)

    package enum CodingKeys: String, CodingKey, CaseIterable { case head, adapter }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        head = try section.value(.head, default: head)
        adapter = try section.value(.adapter, default: adapter)
        try section.require(
            !head.trainHead, .head, "'trainHead' belongs to the adapter stage: this one trains nothing else")
    }
}

/// The section of one stage: its length and learning rates.
package struct StageSettings: Sendable, Codable, Equatable {
    /// The number of steps, which overrides `epochs`; 0 skips the stage.
    package private(set) var steps: Int?
    /// Passes over all tasks' examples; 0 skips the stage.
    package private(set) var epochs = standardEpochs
    /// The base learning rate of each kind of parameter.
    package private(set) var learningRate: LearningRates
    /// The shape after the warm-up.
    package private(set) var schedule = LearningRateShape.linear
    /// The share of the steps that warm up.
    package private(set) var warmup = 0.06
    /// Whether the adapter stage trains the heads too.
    package private(set) var trainHead = false

    /// The epochs by default.
    package static let standardEpochs = 3.0

    /// The bound on the steps of a stage, and on every other setting that counts steps.
    ///
    /// Products of two such numbers fit into 63 bits.
    package static let mostSteps = 1_000_000_000

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps, epochs, learningRate, schedule, warmup, trainHead
    }

    fileprivate init(rate: Double) { learningRate = LearningRates(rate) }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let isHead = decoder.codingPath.last?.stringValue == Stages.CodingKeys.head.stringValue
        self = isHead ? Stages().head : Stages().adapter
        steps = try section.optional(.steps)
        // An encoded stage has both keys; steps take precedence.
        epochs = try section.value(.epochs, default: epochs)
        learningRate = try section.value(.learningRate, default: learningRate)
        schedule = try section.value(.schedule, default: schedule)
        warmup = try section.value(.warmup, default: warmup)
        trainHead = try section.value(.trainHead, default: trainHead)
        try section.require(
            (0...Self.mostSteps).contains(steps ?? 0), .steps,
            "is \(steps ?? 0), expected 0 (skip the stage) to \(Self.mostSteps)")
        try section.require(
            (0...100_000).contains(epochs), .epochs, "is \(epochs), expected 0 (skip the stage) to 100000")
        try section.require((0...1).contains(warmup), .warmup, "is \(warmup), expected a share from 0 to 1")
    }

    /// The stage's steps, with `perEpoch` steps per epoch.
    ///
    /// More steps than a stage may have are returned as one more than the bound.
    package func stepCount(perEpoch: Double) -> Int {
        steps ?? Int(min((epochs * perEpoch).rounded(.up), Double(Self.mostSteps) + 1))
    }
}

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
            let standard: Double = try section.required(.weight)
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

    package subscript(kind: ParameterKind) -> Double { rates[kind] ?? 0 }
}
