import Diagnostics
package import Kernels
package import Runs

/// Divides the time of a run into phases, as an observer on the coordinator's rank.
///
/// The first pass of a stage over the examples is a separate phase, because it fills the caches. A phase's
/// first step is a warm-up, and is excluded unless it is the only one.
package final class PhaseRecorder: RunObserver {
    /// A step or an evaluation.
    struct Sample {
        var pass: Int
        var seconds: Double
        var examples: Int
        var tokens: Int
        var waiting = 0.0
        var communicating = 0.0
        var bytes = 0
        var operations: Double
        var operators: [Operator: OperatorClock.Usage]
    }

    private(set) var phases: [(name: String, samples: [Sample])] = []
    /// The time at which the first step or the first pooled vectors were complete.
    package private(set) var firstResult: Double?
    private let clock: OperatorClock
    private let stepsPerPass: Int
    private let evaluated: (examples: Int, tokens: Int)
    private var last = MonotonicClock.seconds

    /// - Parameters:
    ///   - clock: the operator clock, which is reset at each event
    ///   - stepsPerPass: the number of steps in a pass over the examples
    ///   - evaluated: the size of one evaluation
    package init(_ clock: OperatorClock, stepsPerPass: Int, evaluated: (examples: Int, tokens: Int)) {
        (self.clock, self.stepsPerPass, self.evaluated) = (clock, stepsPerPass, evaluated)
    }

    package func observe(_ event: RunEvent) throws {
        switch event {
        case .pooled:
            add(to: "pooled vectors", pass: 0, examples: 0, tokens: 0)
        case .step(let report):
            let pass = (report.stageStep - 1) / stepsPerPass
            add(
                to: "\(report.stage) stage, \(pass == 0 ? "first epoch" : "later epochs")", pass: pass,
                examples: report.examples, tokens: report.tokens
            ) {
                $0.waiting = report.secondsWaiting
                $0.communicating = report.secondsCommunicating
                $0.bytes = report.bytes
            }
        case .evaluating, .scoring: break
        case .evaluated(let report):
            add(
                to: "evaluation in the \(report.stage) stage", pass: 0, examples: evaluated.examples,
                tokens: evaluated.tokens
            ) {
                $0.waiting = report.secondsWaiting
                $0.communicating = report.secondsCommunicating
            }
        default:
            last = MonotonicClock.seconds
            clock.reset()
        }
    }

    private func add(
        to phase: String, pass: Int, examples: Int, tokens: Int, _ more: (inout Sample) -> Void = { _ in }
    ) {
        let now = MonotonicClock.seconds
        firstResult = firstResult ?? now
        var sample = Sample(
            pass: pass, seconds: now - last, examples: examples, tokens: tokens,
            operations: clock.operations, operators: clock.times)
        more(&sample)
        if let index = phases.firstIndex(where: { $0.name == phase }) {
            phases[index].samples.append(sample)
        } else {
            phases.append((phase, [sample]))
        }
        clock.reset()
        last = MonotonicClock.seconds
    }

    /// The phases; `rate` is this rank's product rate in floating-point operations per second.
    package func measured(rate: Double) -> [PhaseMeasurement] {
        phases.map { name, samples in
            let warm = samples.count > 1 && samples[0].pass == 0 ? Array(samples.dropFirst()) : samples
            return PhaseMeasurement(name, warm, rate: rate)
        }
    }
}
