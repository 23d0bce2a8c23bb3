/// How long ranks wait for one that makes no progress: until a warning, and until the job ends.
///
/// A limit that is not given is learned from the run.
package struct StallLimits: Sendable, Equatable {
    /// Seconds until the warning; 0 for never, nil to learn it.
    package let warn: Double?
    /// Seconds until the job ends; 0 for never, nil to learn it.
    package let stop: Double?

    /// Limits that are given, or learned where they are nil.
    package init(warn: Double? = nil, stop: Double? = nil) {
        self.warn = warn
        self.stop = stop
    }

    /// The least learned limit, in seconds.
    static let least = 60.0
    /// The least learned limit of a phase whose length nothing predicts, in seconds.
    static let leastUnknown = 600.0
    /// How many times the slowest that was seen makes a warning.
    static let warnFactor = 10.0
    /// How many times the warning's limit ends the job.
    static let stopFactor = 5.0

    /// The limits of a phase.
    ///
    /// - Parameters:
    ///   - phase: the phase of the rank that is waited for
    ///   - slowest: the longest time between two signs of progress in this phase so far; nil before the first
    /// - Returns: seconds until the warning and until the end; nil where there is none
    package func seconds(_ phase: RankPhase, slowest: Double?) -> (warn: Double?, stop: Double?) {
        let least = phase.repeats && slowest != nil ? Self.least : Self.leastUnknown
        let learned = max(least, Self.warnFactor * (slowest ?? 0))
        let stop = stop ?? Self.stopFactor * (warn.flatMap { $0 > 0 ? $0 : nil } ?? learned)
        // A learned warning comes no later than a given end.
        let warn = warn ?? (stop > 0 ? min(learned, stop) : learned)
        return (warn > 0 ? warn : nil, stop > 0 ? stop : nil)
    }
}
