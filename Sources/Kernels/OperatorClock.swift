import Diagnostics

/// Sums the seconds of operators in a benchmark.
///
/// Only the outermost of nested operators counts.
///
/// Training runs without a clock; an operator then costs one read of ``current``.
package final class OperatorClock {
    /// The clock of this process, for its one computing thread.
    ///
    /// Set it before or after training, never while an operator runs.
    nonisolated(unsafe) package static var current: OperatorClock?

    /// The time that an operator took.
    package struct Usage: Sendable {
        package private(set) var seconds = 0.0
        package private(set) var calls = 0

        fileprivate mutating func add(seconds: Double) {
            (self.seconds, calls) = (self.seconds + seconds, calls + 1)
        }

        package static func + (left: Usage, right: Usage) -> Usage {
            Usage(seconds: left.seconds + right.seconds, calls: left.calls + right.calls)
        }
    }

    package private(set) var times: [Operator: Usage] = [:]
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
            times[name, default: Usage()].add(seconds: MonotonicClock.seconds - start)
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
