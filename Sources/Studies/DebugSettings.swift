import Diagnostics

/// The `debug` section: tensors that a run writes for comparison with other software.
package struct DebugSettings: Sendable, Codable, Equatable {
    /// The first steps of the adapter stage whose parameters and gradients are written to `reference/`.
    package private(set) var dumpGradients = 0

    enum CodingKeys: String, CodingKey, CaseIterable { case dumpGradients }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, renamed: ["gradients": "dumpGradients"])
        dumpGradients = try section.value(.dumpGradients, default: dumpGradients)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(dumpGradients), .dumpGradients,
            "is \(dumpGradients), expected 0 (off) to \(most) steps")
    }
}
