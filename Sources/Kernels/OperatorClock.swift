import Diagnostics

/// Sums the seconds of operators in a benchmark.
///
/// Of nested operators only the outermost counts.
///
/// Training runs without a clock; an operator then costs one read of ``current``.
package final class OperatorClock {
    /// The clock of this process, for its one computing thread.
    ///
    /// Set it before or after training, never while an operator runs.
    nonisolated(unsafe) package static var current: OperatorClock?

    /// Seconds and calls by operator.
    package private(set) var times: [Operator: (seconds: Double, calls: Int)] = [:]
    /// Floating-point operations of all products; a multiplication with its addition counts as two.
    package private(set) var operations = 0.0
    private var isInside = false

    package init() {}

    package func reset() {
        times = [:]
        operations = 0
    }

    fileprivate func measure<Result>(_ name: Operator, _ body: () throws -> Result) rethrows -> Result {
        if isInside { return try body() }
        isInside = true
        let start = MonotonicClock.seconds
        defer {
            isInside = false
            let (sum, calls) = times[name] ?? (0, 0)
            times[name] = (sum + MonotonicClock.seconds - start, calls + 1)
        }
        return try body()
    }

    func count(_ operations: Double) { self.operations += operations }
}

/// Runs an operator, and times it if there is a clock.
@inline(__always)
package func timed<Result>(_ name: @autoclosure () -> Operator, _ body: () throws -> Result) rethrows
    -> Result
{
    guard let clock = OperatorClock.current else { return try body() }
    return try clock.measure(name(), body)
}
