package import Adapters
import Diagnostics
package import Tasks
package import Training

/// A study file: everything that the bits of a run depend on, beside the data and the processor.
///
/// Decoding is strict (an unknown key is an error that suggests the nearest) and encoding writes every default, so an
/// encoded study is the resolved one.
package struct Study: Sendable, Codable {
    /// The backbone's Hugging Face folder.
    package let backbone: String
    /// The folder that tasks' files are relative to.
    package let data: String
    /// What is learned, in the order of tables.
    package let tasks: [TaskReference]
    /// The adapter method with its settings.
    package private(set) var adapter: AdapterSettings
    /// Pooling and dropout of the heads.
    package private(set) var head: HeadSettings
    /// Which parameters tasks share.
    package let sharing: SharingSettings
    /// How long and how fast each stage trains.
    package let stages: Stages
    /// Examples of a step and of a unit.
    package let batch: BatchSettings
    /// How often each task is drawn.
    package let sampler: SamplerSettings
    /// AdamW and clipping.
    package let optimizer: OptimizerSettings
    /// Dropout in the frozen part.
    package let dropout: DropoutSettings
    /// When and on what tasks are scored.
    package let evaluation: EvaluationSettings
    /// When state is saved.
    package let checkpoint: CheckpointSettings
    /// What is recorded for comparison with other software.
    package let record: RecordSettings
    /// Where frozen activations are kept, and how much of them.
    package let cache: CacheSettings
    /// How long ranks wait for one that makes no progress.
    package let stall: StallSettings
    /// The longest input; a longer one loses its end.
    package let maximumTokens: Int
    /// Whether rank 0 computes too.
    package let coordinator: CoordinatorRole
    /// What every random number depends on.
    package let seed: UInt64

    enum CodingKeys: String, CodingKey, CaseIterable {
        case backbone, data, tasks, adapter, head, sharing, stages, batch, sampler, optimizer, dropout,
            evaluation
        case checkpoint, record, cache, stall, maximumTokens, coordinator, seed
    }

    /// Reads a study.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        backbone = try section.required(.backbone)
        data = try section.required(.data)
        tasks = try section.required(.tasks)
        adapter = try section.value(.adapter, default: AdapterSettings(Hadamard()))
        head = try section.value(.head, default: HeadSettings())
        sharing = try section.value(.sharing, default: SharingSettings())
        stages = try section.value(.stages, default: Stages())
        batch = try section.value(.batch, default: BatchSettings())
        sampler = try section.value(.sampler, default: SamplerSettings())
        optimizer = try section.value(.optimizer, default: OptimizerSettings())
        dropout = try section.value(.dropout, default: DropoutSettings())
        evaluation = try section.value(.evaluation, default: EvaluationSettings())
        checkpoint = try section.value(.checkpoint, default: CheckpointSettings())
        record = try section.value(.record, default: RecordSettings())
        cache = try section.value(.cache, default: CacheSettings())
        stall = try section.value(.stall, default: StallSettings())
        maximumTokens = try section.value(.maximumTokens, default: 128)
        coordinator = try section.value(.coordinator, default: .computes)
        seed = try section.value(.seed, default: 42)
        let names = tasks.map(\.name)
        try section.require(!names.isEmpty, .tasks, "is empty, expected at least one task")
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw section.failure(.tasks, "names '\(twice)' twice")
        }
        try section.require(maximumTokens >= 8, .maximumTokens, "is \(maximumTokens), expected 8 or more")
        try sharing.check(taskNames: names)
        try sampler.check(taskNames: names)
    }

    /// The same study with another adapter, and perhaps another head.
    package func using(_ adapter: AdapterSettings, _ head: HeadSettings? = nil) -> Study {
        var study = self
        study.adapter = adapter
        if let head { study.head = head }
        return study
    }
}

/// What rank 0 does.
package enum CoordinatorRole: String, NamedChoice {
    /// Coordinates, and computes like every other rank.
    case computes
    /// Coordinates only, and waits without using a core.
    case dedicated
}

/// The `batch` section: a step's examples, and the units they are divided into.
package struct BatchSettings: Sendable, Codable, Equatable {
    /// Examples of one optimizer step, over all tasks.
    package let examples: Int
    /// Examples of one unit of work: one task, one rank.
    ///
    /// The number of units a step has is how many ranks can work.
    package let unit: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case examples, unit }

    /// 32 examples in units of 8.
    package init(examples: Int = 32, unit: Int = 8) {
        self.examples = examples
        self.unit = unit
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        examples = try section.value(.examples, default: 32)
        unit = try section.value(.unit, default: min(8, examples))
        try section.require((1...65536).contains(examples), .examples, "is \(examples), expected 1 to 65536")
        try section.require(
            (1...examples).contains(unit), .unit, "is \(unit), expected 1 to batch.examples = \(examples)")
    }

    /// Units of one step; the last one is smaller where `unit` doesn't divide `examples`.
    package var units: Int { (examples + unit - 1) / unit }
}

/// The `dropout` section: dropout inside the frozen backbone while adapters are trained.
package struct DropoutSettings: Sendable, Codable, Equatable {
    /// On embeddings, attention outputs and feed-forward outputs.
    package let hidden: Double
    /// On attention probabilities.
    package let attention: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case hidden, attention }

    /// Off.
    package init() {
        hidden = 0
        attention = 0
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        hidden = try section.value(.hidden, default: 0)
        attention = try section.value(.attention, default: 0)
        try section.require((0..<1).contains(hidden), .hidden, "is \(hidden), expected 0 or more and below 1")
        try section.require(
            (0..<1).contains(attention), .attention, "is \(attention), expected 0 or more and below 1")
    }
}

/// Which state of a run is its result.
package enum KeptState: String, NamedChoice {
    /// For each task the state with its best score.
    case best
    /// For all tasks the state with the best mean score.
    case mean
    /// The state after the last step.
    case last
}

/// The `evaluation` section.
package struct EvaluationSettings: Sendable, Codable, Equatable {
    /// Steps between evaluations; 0 evaluates only at the end of each stage.
    package let every: Int
    /// Evaluations without a better score after which a task is no longer drawn; 0 never stops.
    package let patience: Int
    /// Which state is the result.
    package let keep: KeptState
    /// The share of the training examples to hold out and score on, instead of the dev split; 0 scores on dev.
    package let heldOut: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case every, patience, keep, heldOut }

    /// At the end of each stage, on dev, keeping the best.
    package init() {
        every = 0
        patience = 0
        keep = .best
        heldOut = 0
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: 0)
        patience = try section.value(.patience, default: 0)
        keep = try section.value(.keep, default: .best)
        heldOut = try section.value(.heldOut, default: 0)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every,
            "is \(every), expected 0 (at the end of a stage) to \(most) steps")
        try section.require(
            (0...most).contains(patience), .patience,
            "is \(patience), expected 0 (never stop) to \(most) evaluations")
        try section.require(
            (0..<0.9).contains(heldOut), .heldOut, "is \(heldOut), expected 0 (off) to below 0.9")
    }
}

/// The `checkpoint` section.
package struct CheckpointSettings: Sendable, Codable, Equatable {
    /// Steps between checkpoints; 0 writes one only when stopped and at the end.
    package let every: Int
    /// How many to keep.
    package let keep: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case every, keep }

    /// Every 100 steps, the newest two.
    package init() {
        every = 100
        keep = 2
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: 100)
        keep = try section.value(.keep, default: 2)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every, "is \(every), expected 0 (off) to \(most) steps")
        try section.require((1...most).contains(keep), .keep, "is \(keep), expected 1 to \(most)")
    }
}

/// The `record` section: what a run writes down so that other software can follow it.
package struct RecordSettings: Sendable, Codable, Equatable {
    /// For how many steps of the adapter stage parameters and gradients are written to `reference/`.
    package let gradients: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case gradients }

    /// Nothing.
    package init() { gradients = 0 }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        gradients = try section.value(.gradients, default: 0)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(gradients), .gradients,
            "is \(gradients), expected 0 (off) to \(most) steps")
    }
}
