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
    /// Where the frozen backbone's activations are cached, and how many.
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
