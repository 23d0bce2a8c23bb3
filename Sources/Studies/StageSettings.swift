package import Adapters
import Diagnostics
package import Training

/// The `stages` section: first the heads alone, then the adapters.
package struct Stages: Sendable, Codable, Equatable {
    /// The heads on the frozen backbone.
    package let head: StageSettings
    /// Adapters and norms.
    package let adapter: StageSettings

    enum CodingKeys: String, CodingKey, CaseIterable { case head, adapter }

    /// Three epochs of each.
    package init() {
        head = StageSettings(rate: 1e-3)
        adapter = StageSettings(rate: 3e-3)
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        head = try section.value(.head, default: Stages().head)
        adapter = try section.value(.adapter, default: Stages().adapter)
        try section.require(
            !head.trainHead, .head, "'trainHead' belongs to the adapter stage: this one trains nothing else")
    }
}

/// One stage: how long, how fast, and what else is trained.
package struct StageSettings: Sendable, Codable, Equatable {
    /// The number of steps, where given instead of epochs; 0 skips the stage.
    package let steps: Int?
    /// Passes over all tasks' examples; 0 skips the stage.
    package let epochs: Double
    /// The base learning rate of each kind.
    package let learningRate: LearningRates
    /// What follows the warm-up.
    package let schedule: LearningRateShape
    /// The share of the steps that warm up.
    package let warmup: Double
    /// Whether the adapter stage goes on training the heads.
    package let trainHead: Bool

    /// The most steps of a stage, and the largest number of steps or times that a setting may name.
    ///
    /// Products of such numbers stay within 63 bits.
    package static let mostSteps = 1_000_000_000

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps, epochs, learningRate, schedule, warmup, trainHead
    }

    package init(rate: Double) {
        steps = nil
        epochs = 3
        learningRate = LearningRates(rate)
        schedule = .linear
        warmup = 0.06
        trainHead = false
    }

    /// Reads the section of one stage.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let isHead = decoder.codingPath.last?.stringValue == Stages.CodingKeys.head.stringValue
        steps = try section.optional(.steps)
        // An encoded stage has both keys; the steps are then what counts.
        epochs = try section.value(.epochs, default: 3)
        learningRate = try section.value(.learningRate, default: LearningRates(isHead ? 1e-3 : 3e-3))
        schedule = try section.value(.schedule, default: .linear)
        warmup = try section.value(.warmup, default: 0.06)
        trainHead = try section.value(.trainHead, default: false)
        try section.require(
            (0...Self.mostSteps).contains(steps ?? 0), .steps,
            "is \(steps ?? 0), expected 0 (skip the stage) to \(Self.mostSteps)")
        try section.require(
            (0...100_000).contains(epochs), .epochs, "is \(epochs), expected 0 (skip the stage) or more")
        try section.require((0...1).contains(warmup), .warmup, "is \(warmup), expected a share from 0 to 1")
    }

    /// The stage's steps when an epoch has `perEpoch`.
    ///
    /// An epoch of so many that no stage could have them counts as one more than a stage may have.
    package func stepCount(perEpoch: Double) -> Int {
        steps ?? Int(min((epochs * perEpoch).rounded(.up), Double(Self.mostSteps) + 1))
    }
}

/// A learning rate for each kind of parameter: one number for all, or a mapping by kind.
package struct LearningRates: Sendable, Codable, Equatable {
    private let rates: [ParameterKind: Double]

    /// The same for every kind.
    package init(_ rate: Double) {
        rates = Dictionary(uniqueKeysWithValues: ParameterKind.allCases.map { ($0, rate) })
    }

    /// Reads a number, or a mapping with a number for each kind that isn't to have `weight`'s.
    package init(from decoder: any Decoder) throws {
        if let rate = try? decoder.singleValueContainer().decode(Double.self) {
            rates = LearningRates(rate).rates
        } else {
            let section = try SettingsSection<ParameterKind>(decoder)
            let standard: Double = try section.required(.weight)
            rates = Dictionary(
                uniqueKeysWithValues: try ParameterKind.allCases.map {
                    ($0, try section.value($0, default: standard))
                })
        }
        if let bad = rates.first(where: { !($0.value >= 0 && $0.value.isFinite) }) {
            throw Failure.usage(
                "is \(bad.value) for \(bad.key.rawValue), expected 0 or more", at: keyPath(decoder.codingPath)
            )
        }
    }

    /// Writes one number where all are equal, otherwise the mapping.
    package func encode(to encoder: any Encoder) throws {
        if Set(rates.values).count == 1 {
            var container = encoder.singleValueContainer()
            try container.encode(self[.weight])
        } else {
            var container = encoder.container(keyedBy: ParameterKind.self)
            for kind in ParameterKind.allCases { try container.encode(self[kind], forKey: kind) }
        }
    }

    /// The rate of a kind.
    package subscript(kind: ParameterKind) -> Double { rates[kind] ?? 0 }
}
