import Diagnostics

/// The `stall` section: how long ranks wait for one that makes no progress.
///
/// No bit of a result depends on it.
package struct StallSettings: Sendable, Codable, Equatable {
    /// Seconds until a warning names the rank; 0 for never, nil to estimate it from the run.
    package private(set) var warn: Double?
    /// Seconds until the state is saved and the job ends with exit code 5; 0 for never, nil to estimate it.
    package private(set) var stop: Double?

    enum CodingKeys: String, CodingKey, CaseIterable { case warn, stop }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        warn = try section.optional(.warn)
        stop = try section.optional(.stop)
        for (key, value) in [(CodingKeys.warn, warn), (.stop, stop)] {
            guard let value else { continue }
            try section.require(
                value == 0 || (0.1...1e9).contains(value), key,
                "is \(value), expected 0 (never) or 0.1 to 1e9 seconds")
        }
        if let warn, let stop, stop > 0 {
            try section.require(
                stop >= warn, .stop, "is \(stop), expected 0 (never) or at least stall.warn = \(warn)")
        }
    }
}
