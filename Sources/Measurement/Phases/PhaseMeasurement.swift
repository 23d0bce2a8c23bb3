import Diagnostics
import Kernels

/// The speed of a phase of a run, over all ranks.
package struct PhaseMeasurement: Codable, Sendable, Equatable {
    /// Such as `adapter stage, later epochs`.
    package let name: String
    /// The number of measured steps or evaluations.
    package let steps: Int
    /// Over the passes through the examples.
    package let examplesPerSecond: Spread
    package let tokensPerSecond: Double
    package let secondsPerStep: Double
    /// Floating-point operations per second of the coordinator's rank, and their share of its product rate.
    package let operationsPerSecond, shareOfProductRate: Double
    /// Waiting for slower ranks, and exchanging sums, as shares of the time.
    package let waitingShare, communicationShare: Double
    /// Bytes that each rank sends in a step.
    package let bytesPerStep: Int
    /// The coordinator's time by operator, in descending order; unaccounted time is `other`.
    package let operators: [OperatorShare]

    /// The median and the range of a sample.
    package struct Spread: Codable, Sendable, Equatable {
        package let median, lowest, highest: Double

        package init(_ values: [Double]) {
            (median, lowest, highest) = (values.median ?? 0, values.min() ?? 0, values.max() ?? 0)
        }
    }

    /// An operator's share of a phase.
    package struct OperatorShare: Codable, Sendable, Equatable {
        package let name: String
        package let share: Double
        /// Microseconds per call.
        package let microseconds: Double
    }

    init(_ name: String, _ samples: [PhaseRecorder.Sample], rate: Double) {
        self.name = name
        steps = samples.count
        let seconds = max(1e-9, samples.reduce(0) { $0 + $1.seconds })
        examplesPerSecond = Spread(
            Set(samples.map(\.pass)).map { pass in
                let own = samples.filter { $0.pass == pass }
                return Double(own.reduce(0) { $0 + $1.examples }) / own.reduce(0) { $0 + $1.seconds }
            })
        tokensPerSecond = Double(samples.reduce(0) { $0 + $1.tokens }) / seconds
        secondsPerStep = seconds / Double(max(1, samples.count))
        operationsPerSecond = samples.reduce(0) { $0 + $1.operations } / seconds
        shareOfProductRate = operationsPerSecond / rate
        waitingShare = samples.reduce(0) { $0 + $1.waiting } / seconds
        communicationShare = samples.reduce(0) { $0 + $1.communicating } / seconds
        bytesPerStep = samples.map(\.bytes).max() ?? 0
        var times: [Operator: OperatorClock.Usage] = [:]
        for sample in samples { times.merge(sample.operators, uniquingKeysWith: +) }
        let known = times.map { name, time in
            OperatorShare(
                name: name.title, share: time.seconds / seconds,
                microseconds: time.seconds / Double(time.calls) * 1e6)
        }
        let rest = 1 - known.reduce(0) { $0 + $1.share }
        operators =
            (known + [OperatorShare(name: "other", share: rest, microseconds: 0)])
            .sorted { ($0.share, $1.name) > ($1.share, $0.name) }
    }
}
