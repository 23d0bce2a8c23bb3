import Diagnostics

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
