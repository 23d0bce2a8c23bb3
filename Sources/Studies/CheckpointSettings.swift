import Diagnostics

/// The `checkpoint` section.
package struct CheckpointSettings: Sendable, Codable, Equatable {
    /// Steps between checkpoints; 0 writes them only at a stop and at the end.
    package private(set) var every = 100
    /// The number of checkpoints to keep.
    package private(set) var keep = 2

    enum CodingKeys: String, CodingKey, CaseIterable { case every, keep }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: every)
        keep = try section.value(.keep, default: keep)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every, "is \(every), expected 0 (off) to \(most) steps")
        try section.require((1...most).contains(keep), .keep, "is \(keep), expected 1 to \(most)")
    }
}
