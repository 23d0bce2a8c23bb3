import Diagnostics

/// Estimates the time left of some work from its pace.
struct WorkTimer {
    private let start = MonotonicClock.seconds

    /// Seconds since the start, never zero.
    var seconds: Double { max(1e-9, MonotonicClock.seconds - start) }

    /// `, 27 s left` for the remaining parts of the work, after `count` since the start, and for `other`
    /// seconds; empty for a count of 0.
    func left(_ remaining: Int, after count: Int, other: Double = 0) -> String {
        count > 0 ? ", \(Self.duration(seconds / Double(count) * Double(remaining) + other)) left" : ""
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        return whole >= 3600
            ? "\(whole / 3600) h \(whole % 3600 / 60) min"
            : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
