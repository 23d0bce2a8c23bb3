import Diagnostics

/// The `batch` section: a step's examples, and the micro-batches they are divided into.
package struct BatchSettings: Sendable, Codable, Equatable {
    /// Examples of one optimizer step, over all tasks.
    package let examples: Int
    /// Examples of one micro-batch, which are of one task and computed by one rank.
    package let microBatch: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case examples, microBatch }

    /// 32 examples in micro-batches of 8.
    package init(examples: Int = 32, microBatch: Int = 8) {
        self.examples = examples
        self.microBatch = microBatch
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, renamed: ["unit": "microBatch"])
        examples = try section.value(.examples, default: 32)
        microBatch = try section.value(.microBatch, default: min(8, examples))
        try section.require((1...65536).contains(examples), .examples, "is \(examples), expected 1 to 65536")
        try section.require(
            (1...examples).contains(microBatch), .microBatch,
            "is \(microBatch), expected 1 to batch.examples = \(examples)")
    }

    /// Micro-batches of one step, and so the most ranks that can compute.
    ///
    /// The last one is smaller where `microBatch` does not divide `examples`.
    package var microBatches: Int { (examples + microBatch - 1) / microBatch }
}
