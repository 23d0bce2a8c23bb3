/// How long ranks wait for one that makes no progress: until a warning, and until the job ends.
package struct StallLimits: Sendable, Equatable {
    /// Seconds until the warning; 0 for never, nil to derive it from the run so far.
    package let warn: Double?
    /// Seconds until the job ends; 0 for never, nil to derive it.
    package let stop: Double?

    package init(warn: Double? = nil, stop: Double? = nil) {
        self.warn = warn
        self.stop = stop
    }

    /// Seconds until the warning and until the job ends; nil for never.
    package struct Seconds: Sendable, Equatable {
        package let warn, stop: Double?
    }

    /// The minimum derived limit, in seconds.
    static let least = 60.0
    /// The minimum derived limit of a phase with nothing to derive it from, in seconds.
    static let leastUnknown = 600.0
    /// The ratio of the warning's limit to the slowest progress so far.
    static let warnFactor = 10.0
    /// The ratio of the job's limit to the warning's.
    static let stopFactor = 5.0

    /// The limits of a phase.
    ///
    /// - Parameters:
    ///   - phase: the phase of the rank that the others wait for
    ///   - slowest: the longest interval between two signs of progress in this phase so far; nil before the
    ///     first
    /// - Returns: the limits, of which nil is for never
    package func seconds(_ phase: RankPhase, slowest: Double?) -> Seconds {
        let least = phase.repeats && slowest != nil ? Self.least : Self.leastUnknown
        let derived = max(least, Self.warnFactor * (slowest ?? 0))
        let stop = stop ?? Self.stopFactor * (warn.flatMap { $0 > 0 ? $0 : nil } ?? derived)
        // A derived warning must not come after a given stop.
        let warn = warn ?? (stop > 0 ? min(derived, stop) : derived)
        return Seconds(warn: warn > 0 ? warn : nil, stop: stop > 0 ? stop : nil)
    }
}
