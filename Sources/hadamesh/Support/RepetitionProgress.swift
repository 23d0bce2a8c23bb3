import Diagnostics
import Formats
import Runs

/// Displays the steps of a run that are computed again.
final class RepetitionProgress: RunObserver {
    private let status: StatusLine
    private let last: Int

    /// Shows progress up to the run's last step.
    init(_ status: StatusLine, last: Int) { (self.status, self.last) = (status, last) }

    func observe(_ event: RunEvent) throws {
        switch event {
        case .warned(let failure): status.say(wrapping: "warning: \(failure)", isUrgent: true)
        case .step(let report):
            status.show { "computing again: step \(report.step.grouped) of \(last.grouped)" }
        case .finished: status.close()
        default: break
        }
    }
}
