import Collectives
import Coordination
import Diagnostics
import Foundation
import Reports
import Runs
import Studies

/// Trains groupings of tasks, to compare their results with what was predicted.
struct GroupingCheck {
    let study: Study
    let tasks: [String]
    /// Of the adapter stage.
    let steps: Int
    /// The folder of the runs: `best-1`, … and `worst-1`, ….
    let folder: String

    /// Trains the best and the worst divisions on all ranks; a collective.
    ///
    /// - Returns: nil if a run stopped on request; the next call continues it
    func run(_ extremes: GroupingSearch.Extremes, _ world: MPICommunicator) throws -> [AffinityReport.Check]?
    {
        StopSignal.install()
        signal(SIGPIPE, SIG_IGN)
        let best = extremes.best.enumerated().map { ("best-\($0 + 1)", $1) }
        // The last of the worst is the worst.
        let worst = extremes.worst.enumerated().map { ("worst-\(extremes.worst.count - $0)", $1) }
        let own = study.coordinator == .dedicated && world.rank == 0 ? world.withWaitPolicy(.sleep) : world
        let status = StatusLine(quiet: world.rank != 0)
        var inputs: TrainingJob.Inputs?
        var checks: [AffinityReport.Check] = []
        for (name, grouping) in best + worst {
            let path = "\(folder)/\(name)"
            status.say("\(path): \(AffinityReport.text(grouping, tasks))")
            let study = try shortened(study.grouped(grouping, tasks))
            let loaded = try inputs ?? TrainingJob.Inputs(study, own, status)
            inputs = loaded
            let job = TrainingJob(
                file: nil, directory: path, isResuming: true,
                display: Progress(
                    directory: RunDirectory(path: path), evaluatedEvery: study.evaluation.every,
                    printsScores: false, status))
            switch try job.run(loaded.context(study), on: loaded.backbone, own) {
            case .finished, .wasFinished: break
            case .stopped, .paused: return nil
            case .diverged(let failure), .unprunable(let failure): throw failure
            }
            let result = try fromRoot(world) { try ScoreColumns.Column(ofRun: path).mean(of: tasks) }
            guard let result else {
                throw Failure.data("a task of the run has no score", at: path, remedy: "train longer")
            }
            checks.append(AffinityReport.Check(grouping: grouping, result: result, run: path))
        }
        return checks
    }

    /// The study with the steps of the check.
    private func shortened(_ study: Study) throws -> Study {
        let text = Data(try StudyFile.text(of: study).utf8)
        return try StudyFile(text, path: "study", overrides: ["stages.adapter.steps=\(steps)"]).study()
    }
}
