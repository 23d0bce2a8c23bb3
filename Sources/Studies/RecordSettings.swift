import Diagnostics

/// The `record` section: tensors that a run writes for comparison with other software.
package struct RecordSettings: Sendable, Codable, Equatable {
    /// The first steps of the adapter stage whose parameters and gradients are written to `reference/`.
    package let gradients: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case gradients }

    package init() { gradients = 0 }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        gradients = try section.value(.gradients, default: 0)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(gradients), .gradients,
            "is \(gradients), expected 0 (off) to \(most) steps")
    }
}
