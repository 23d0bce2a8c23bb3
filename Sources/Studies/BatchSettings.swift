import Diagnostics

/// The `batch` section: a step's examples, and their division into micro-batches.
package struct BatchSettings: Sendable, Codable, Equatable {
    /// Examples per optimizer step, over all tasks.
    package let examples: Int
    /// Examples per micro-batch.
    ///
    /// They belong to one task and are computed by one rank.
    package let microBatch: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case examples, microBatch }

    package init(examples: Int = 32, microBatch: Int = 8) {
        self.examples = examples
        self.microBatch = microBatch
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, renamed: ["unit": "microBatch"])
        examples = try section.value(.examples, default: 32)
        microBatch = try section.value(.microBatch, default: min(8, examples))
        try section.require((1...65536).contains(examples), .examples, "is \(examples), expected 1 to 65536")
        try section.require(
            (1...examples).contains(microBatch), .microBatch,
            "is \(microBatch), expected 1 to batch.examples = \(examples)")
    }

    /// Micro-batches per step, which is also the most ranks that can compute.
    ///
    /// The last one is smaller if `microBatch` does not divide `examples`.
    package var microBatches: Int { (examples + microBatch - 1) / microBatch }
}
