import Adapters
package import Diagnostics
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

    /// Warnings about heads that no stage trains, and about a rate for them without effect.
    package var warnings: [Failure] {
        if adapter.trainHead || adapter.isSkipped { return [] }
        var warnings: [Failure] = []
        if head.isSkipped {
            warnings.append(
                .usage(
                    "train no head, so each task's head keeps its random weights", at: "stages",
                    remedy: "give stages.head some steps, or set stages.adapter.trainHead=true"))
        }
        if adapter.learningRate[.head] != adapter.learningRate[.weight] {
            warnings.append(
                .usage(
                    "has a rate for heads, which this stage doesn't train", at: "stages.adapter.learningRate",
                    remedy: "set stages.adapter.trainHead=true, or leave the rate of head out"))
        }
        return warnings
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
        try section.require(
            (0...1).contains(warmup), .warmup,
            "is \(warmup), expected a share of the stage's steps from 0 to 1")
    }

    /// Whether the stage has no steps.
    fileprivate var isSkipped: Bool { (steps.map(Double.init) ?? epochs) == 0 }

    /// The stage's steps, with `perEpoch` steps per epoch.
    ///
    /// More steps than a stage may have are returned as one more than the bound.
    package func stepCount(perEpoch: Double) -> Int {
        steps ?? Int(min((epochs * perEpoch).rounded(.up), Double(Self.mostSteps) + 1))
    }
}
