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
                study: study, file: nil, directory: path, isResuming: true,
                display: Progress(
                    directory: RunDirectory(path: path), evaluatedEvery: study.evaluation.every,
                    printsScores: false, status))
            switch try job.run(loaded, own) {
            case .finished, .wasFinished: break
            case .stopped, .paused: return nil
            case .diverged(let failure): throw failure
            }
            let bytes = try onRoot(world) {
                let result = try ScoreColumns.Column(ofRun: path).mean(of: tasks)
                return result.map { withUnsafeBytes(of: $0.bitPattern, Array.init) } ?? []
            }
            guard bytes.count == 8 else {
                throw Failure.data("a task of the run has no score", at: path, remedy: "train longer")
            }
            let pattern = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            checks.append(
                AffinityReport.Check(grouping: grouping, result: Double(bitPattern: pattern), run: path))
        }
        return checks
    }

    /// The study with the steps of the check.
    private func shortened(_ study: Study) throws -> Study {
        let text = Data(try StudyFile.text(of: study).utf8)
        return try StudyFile(text, path: "study", overrides: ["stages.adapter.steps=\(steps)"]).study()
    }
}
