import Diagnostics

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
