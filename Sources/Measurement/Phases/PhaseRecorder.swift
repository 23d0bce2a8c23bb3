package import Foundation
package import Kernels
package import Runs

/// Listens to a run on the coordinator's rank and cuts its time into phases, step by step.
///
/// The run goes through the same examples pass after pass: the first pass of a stage is a phase of its own, since it
/// fills what later ones reuse. A phase's first step warms up and is left out where the phase has others.
package final class PhaseRecorder: RunObserver {
    /// One step, or one evaluation.
    struct Sample {
        var pass: Int
        var seconds: Double
        var examples: Int
        var tokens: Int
        var waiting = 0.0
        var communicating = 0.0
        var bytes = 0
        var operations: Double
        var operators: [Operator: (seconds: Double, calls: Int)]
    }

    private(set) var phases: [(name: String, samples: [Sample])] = []
    /// When the first step ended or the first pooled vectors were computed, by the system's clock.
    package private(set) var firstResult: Date?
    private let clock: OperatorClock
    private let stepsPerPass: Int
    private let evaluated: (examples: Int, tokens: Int)
    private var last = Date()

    /// Records with a clock that operators report to.
    ///
    /// - Parameters:
    ///   - clock: the clock, which is reset at each event
    ///   - stepsPerPass: how many steps go once through the examples
    ///   - evaluated: what one evaluation computes
    package init(_ clock: OperatorClock, stepsPerPass: Int, evaluated: (examples: Int, tokens: Int)) {
        self.clock = clock
        self.stepsPerPass = stepsPerPass
        self.evaluated = evaluated
    }

    /// Takes note of an event.
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
        case .evaluated(let report):
            add(
                to: "evaluation in the \(report.stage) stage", pass: 0, examples: evaluated.examples,
                tokens: evaluated.tokens
            ) {
                $0.waiting = report.secondsWaiting
                $0.communicating = report.secondsCommunicating
            }
        default:
            last = Date()
            clock.reset()
        }
    }

    private func add(
        to phase: String, pass: Int, examples: Int, tokens: Int, _ more: (inout Sample) -> Void = { _ in }
    ) {
        let now = Date()
        firstResult = firstResult ?? now
        var sample = Sample(
            pass: pass, seconds: now.timeIntervalSince(last), examples: examples, tokens: tokens,
            operations: clock.operations, operators: clock.times)
        more(&sample)
        if let index = phases.firstIndex(where: { $0.name == phase }) {
            phases[index].samples.append(sample)
        } else {
            phases.append((phase, [sample]))
        }
        clock.reset()
        last = Date()
    }

    /// What was measured, phase by phase, with the floating-point operations a second of this rank's products.
    package func measured(rate: Double) -> [PhaseMeasurement] {
        phases.map { name, samples in
            let warm = samples.count > 1 && samples[0].pass == 0 ? Array(samples.dropFirst()) : samples
            return PhaseMeasurement(name, warm, rate: rate)
        }
    }
}
