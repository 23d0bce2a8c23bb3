import Kernels

/// The speed of one phase of a run, over all its ranks.
package struct PhaseMeasurement: Codable, Sendable, Equatable {
    /// Such as `adapter stage, later epochs`.
    package let name: String
    /// Steps or evaluations that were measured.
    package let steps: Int
    /// Examples a second: the median over passes through the examples, the lowest and the highest.
    package let examplesPerSecond: Spread
    /// Tokens a second, of all ranks.
    package let tokensPerSecond: Double
    /// Seconds of one step.
    package let secondsPerStep: Double
    /// Floating-point operations a second of the coordinator's rank, and that as a share of its product rate.
    package let operationsPerSecond: Double, shareOfProductRate: Double
    /// The shares of the time that went into waiting for slower ranks, and into exchanging sums.
    package let waitingShare: Double, communicationShare: Double
    /// What each rank sends a step.
    package let bytesPerStep: Int
    /// Where the coordinator's time went, the most first; what no operator accounts for is `other`.
    package let operators: [OperatorShare]

    /// The median of some values, the lowest and the highest.
    package struct Spread: Codable, Sendable, Equatable {
        /// The middle one.
        package let median: Double
        /// The extremes.
        package let lowest: Double, highest: Double

        package init(_ values: [Double]) {
            let sorted = values.sorted()
            let middle = sorted.count / 2
            median =
                sorted.isEmpty
                ? 0 : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
            lowest = sorted.first ?? 0
            highest = sorted.last ?? 0
        }
    }

    /// One operator's part of a phase.
    package struct OperatorShare: Codable, Sendable, Equatable {
        /// The operator.
        package let name: String
        /// Its share of the phase's time.
        package let share: Double
        /// Microseconds a call.
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
        var times: [Operator: (seconds: Double, calls: Int)] = [:]
        for sample in samples {
            times.merge(sample.operators) { ($0.seconds + $1.seconds, $0.calls + $1.calls) }
        }
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
