import Diagnostics

/// The `batch` section: a step's examples, and their division into micro-batches.
package struct BatchSettings: Sendable, Codable, Equatable {
    /// Examples per optimizer step, over all tasks.
    package private(set) var examples = 32
    /// Examples per micro-batch.
    ///
    /// They belong to one task and are computed by one rank.
    package private(set) var microBatch = 8

    enum CodingKeys: String, CodingKey, CaseIterable { case examples, microBatch }

    package init() {}

    package init(examples: Int, microBatch: Int) { (self.examples, self.microBatch) = (examples, microBatch) }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, renamed: ["unit": "microBatch"])
        examples = try section.value(.examples, default: examples)
        microBatch = try section.value(.microBatch, default: min(microBatch, examples))
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
