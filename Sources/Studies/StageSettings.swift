import Diagnostics
package import Training

/// The section of one stage: its length and learning rates.
package struct StageSettings: Sendable, Codable, Equatable {
    /// The number of steps in place of `epochs`; 0 skips the stage.
    package private(set) var steps: Int?
    /// Passes over all tasks' examples; 0 skips the stage.
    package private(set) var epochs = standardEpochs
    /// The base learning rate of each kind of parameter.
    package private(set) var learningRate: LearningRates
    /// The shape after the warm-up.
    package private(set) var schedule = LearningRateSchedule.Shape.linear
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

    init(rate: Double) { learningRate = LearningRates(rate) }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let isHead = decoder.codingPath.last?.stringValue == Stages.CodingKeys.head.stringValue
        self = isHead ? Stages().head : Stages().adapter
        steps = try section.optional(.steps)
        // The study of an earlier run may have both keys: its identity has them, and steps count.
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
    var isSkipped: Bool { (steps.map(Double.init) ?? epochs) == 0 }

    /// The stage's steps, with `perEpoch` steps per epoch.
    ///
    /// More steps than a stage may have are returned as one more than the bound.
    package func stepCount(perEpoch: Double) -> Int {
        steps ?? Int(min((epochs * perEpoch).rounded(.up), Double(Self.mostSteps) + 1))
    }
}
