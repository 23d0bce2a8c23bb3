import Diagnostics
import Runs

/// Displays the progress of a sweep while this rank's group trains one of its runs.
final class TrialDisplay: RunObserver {
    private let name: String
    private let progress: SweepProgress

    init(_ run: TrialRun, _ progress: SweepProgress) { (name, self.progress) = (run.name, progress) }

    func observe(_ event: RunEvent) throws {
        if case .warned(let failure) = event { StandardError.say("\(name): warning: \(failure)") }
        progress.show()
    }
}
