import Adapters
package import Diagnostics

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
