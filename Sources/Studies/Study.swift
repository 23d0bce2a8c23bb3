package import Adapters
import Combination
import Diagnostics
package import Encoders
package import Kernels
package import Tasks
package import Training

/// A study file: everything that the bits of a run depend on, beside the data and the processor.
///
/// Decoding is strict: an unknown key is an error that suggests the nearest. Encoding writes every default.
package struct Study: Sendable, Codable {
    /// The backbone, by a folder or by a name in the Hugging Face cache.
    package let backbone: BackboneReference
    /// The folder that tasks' files are relative to.
    package let data: String
    /// The tasks, in the order in which results list them.
    package private(set) var tasks: [TaskReference]
    /// The adapter method with its settings.
    package private(set) var adapter: AdapterSettings
    /// Pooling and dropout of the heads.
    package private(set) var head: HeadSettings
    package private(set) var sharing: SharingSettings
    package private(set) var combination: CombinationSettings
    package let stages: Stages
    package let batch: BatchSettings
    package private(set) var sampler: SamplerSettings
    package private(set) var optimizer: OptimizerSettings
    package let dropout: DropoutSettings
    package let evaluation: EvaluationSettings
    package let checkpoint: CheckpointSettings
    package let debug: DebugSettings
    package let cache: CacheSettings
    package let stall: StallSettings
    /// Whether a finished run writes its page.
    package let report: Bool
    /// The most tokens of an example; longer texts are truncated.
    package let maximumTokens: Int
    package let coordinator: CoordinatorRole
    /// The products of the encoder's frozen maps.
    package let arithmetic: ProductArithmetic
    /// The seed of all random numbers.
    package let seed: UInt64

    enum CodingKeys: String, CodingKey, CaseIterable {
        case backbone, data, tasks, adapter, head, sharing, combination, stages, batch, sampler, optimizer,
            dropout,
            evaluation
        case checkpoint, debug, cache, stall, report, maximumTokens, coordinator, arithmetic, seed
    }

    /// The keys at the top of a study.
    package static var keyNames: [String] { CodingKeys.allCases.map(\.rawValue) }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, renamed: ["record": "debug"])
        let named: String = try section.required(
            .backbone, remedy: "add --set backbone=DIR (launch/fetch encoder gets one)")
        try section.requireFolder(named, .backbone)
        do { backbone = try BackboneReference(named) } catch let failure as Failure {
            throw failure.at(keyPath(decoder.codingPath + [CodingKeys.backbone]))
        }
        data = try section.required(.data, remedy: "add --set data=DIR (launch/glue gets GLUE's)")
        tasks = try section.required(.tasks)
        adapter = try section.value(.adapter, default: AdapterSettings(Hadamard()))
        head = try section.value(.head, default: HeadSettings())
        sharing = try section.value(.sharing, default: SharingSettings())
        combination = try section.value(.combination, default: CombinationSettings())
        stages = try section.value(.stages, default: Stages())
        batch = try section.value(.batch, default: BatchSettings())
        sampler = try section.value(.sampler, default: SamplerSettings())
        optimizer = try section.value(.optimizer, default: OptimizerSettings())
        dropout = try section.value(.dropout, default: DropoutSettings())
        evaluation = try section.value(.evaluation, default: EvaluationSettings())
        checkpoint = try section.value(.checkpoint, default: CheckpointSettings())
        debug = try section.value(.debug, default: DebugSettings())
        cache = try section.value(.cache, default: CacheSettings())
        stall = try section.value(.stall, default: StallSettings())
        report = try section.value(.report, default: true)
        maximumTokens = try section.value(.maximumTokens, default: 128)
        coordinator = try section.value(.coordinator, default: .computes)
        arithmetic = try section.value(.arithmetic, default: .float32)
        seed = try section.value(.seed, default: 42)
        let names = tasks.map(\.name)
        try section.requireFolder(data, .data)
        try section.require(!names.isEmpty, .tasks, "is empty, expected at least one task")
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw section.failure(.tasks, "names '\(twice)' twice")
        }
        try section.require(maximumTokens >= 8, .maximumTokens, "is \(maximumTokens), expected 8 or more")
        try sharing.check(taskNames: names)
        try sampler.check(taskNames: names, evaluation)
        try combination.check(taskNames: names)
    }

    /// A copy with another adapter and, if given, another head.
    package func using(_ adapter: AdapterSettings, _ head: HeadSettings? = nil) -> Study {
        var study = self
        study.adapter = adapter
        if let head { study.head = head }
        return study
    }

    /// A copy with another sampler.
    package func using(_ sampler: SamplerSettings) -> Study {
        var study = self
        study.sampler = sampler
        return study
    }

    /// The sizes of a world in which each rank has work.
    package var usableRanks: ClosedRange<Int> {
        let waiting = coordinator == .dedicated ? 1 : 0
        return waiting + 1...waiting + batch.microBatches
    }

    /// Whether the gradients of tasks are combined other than by their sum, or used one by one.
    package var combinesTasks: Bool {
        type(of: combination.rule) != type(of: CombinationTable.sum) || !combination.hasStandardWeights
            || optimizer.moments == .perTask
    }

    /// A copy in which the tasks of each group share the adapter; a task in no group has its own.
    ///
    /// If no task shares a parameter with another, nothing is combined, as training requires.
    package func grouped(_ groups: [[String]]) -> Study {
        var study = self
        // No task's name has the `+`, so no two groups have one name.
        study.sharing = sharing.grouped(
            Dictionary(uniqueKeysWithValues: groups.map { ($0.joined(separator: "+"), $0) }))
        if !study.sharing.sharesParameters {
            study.combination = CombinationSettings(agreement: combination.agreement)
            study.optimizer.moments = .shared
        }
        return study
    }

    /// A copy for other tasks, which share the adapter and have a head each; other settings that name tasks
    /// get their defaults.
    package func sharedBy(_ tasks: [TaskReference]) -> Study {
        var study = self
        (study.tasks, study.sharing) = (tasks, SharingSettings())
        (study.sampler, study.combination) = (SamplerSettings(), CombinationSettings())
        return study
    }
}

extension SettingsSection where Key == Study.CodingKeys {
    /// Refuses the path of a folder that a shell has not filled in.
    fileprivate func requireFolder(_ path: String, _ key: Key) throws {
        try require(!path.isEmpty, key, "is empty, expected a folder")
        if path.hasPrefix("~") {
            throw failure(
                key, "is '\(path)', but only a shell expands '~'",
                remedy: "write the full path: --set \(key.rawValue)=\"$HOME\(path.dropFirst())\"")
        }
    }
}
