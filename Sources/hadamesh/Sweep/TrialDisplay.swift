import Diagnostics
import Runs

/// Displays the progress of a sweep while this rank's group trains one of its runs.
final class TrialDisplay: RunObserver {
    private let name: String
    private let progress: SweepProgress
    /// The run and its latest step.
    private var place: String

    init(_ run: TrialRun, _ progress: SweepProgress) {
        (name, self.progress, place) = (run.name, progress, run.name)
    }

    func observe(_ event: RunEvent) throws {
        if case .warned(let failure) = event { StandardError.say("\(name): warning: \(failure)") }
        if case .step(let step) = event {
            place = "\(name) at \(step.stage) step \(step.stageStep)/\(step.stageSteps)"
        }
        progress.show(place)
    }
}
