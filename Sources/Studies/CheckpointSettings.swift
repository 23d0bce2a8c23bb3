import Diagnostics

/// The `checkpoint` section.
package struct CheckpointSettings: Sendable, Codable, Equatable {
    /// Steps between checkpoints; 0 writes them only at a stop and at the end.
    package let every: Int
    /// The number of checkpoints to keep.
    package let keep: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case every, keep }

    package init() {
        every = 100
        keep = 2
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: 100)
        keep = try section.value(.keep, default: 2)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every, "is \(every), expected 0 (off) to \(most) steps")
        try section.require((1...most).contains(keep), .keep, "is \(keep), expected 1 to \(most)")
    }
}
