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
    /// The steps of each run's adapter stage.
    let steps: Int
    /// The folder of the runs: `best-1`, … and `worst-1`, ….
    let folder: String

    /// Trains the best and the worst divisions on all ranks; a collective.
    ///
    /// - Returns: nil if a run stopped on request; the next call continues it
    func run(_ extremes: GroupingSearch.Extremes, _ world: MPICommunicator) throws -> [AffinityReport.Check]?
    {
        StopSignal.install()
        let divisions = try divisions(extremes)
        try onRoot(world) { try requireRuns(of: divisions) }
        let status = StatusLine(quiet: world.rank != 0)
        let command = CommandLine.arguments.dropFirst().map(\.shellWord)
        let resumption = ([Invocation.program] + command).joined(separator: " ")
        var inputs: TrainingJob.Inputs?
        var checks: [AffinityReport.Check] = []
        for division in divisions {
            let (path, study) = (division.directory.path, division.study)
            status.say("\(path): \(AffinityReport.text(division.grouping, tasks))")
            let loaded = try inputs ?? TrainingJob.Inputs(study, world, status)
            inputs = loaded
            let job = TrainingJob(
                file: nil, directory: path, isResuming: true, resumption: resumption,
                display: Progress(
                    directory: division.directory, evaluatedEvery: study.evaluation.every,
                    printsScores: false, resumption: resumption, status))
            switch try job.run(loaded.context(study), on: loaded.backbone, world) {
            case .finished, .wasFinished: break
            case .stopped, .paused: return nil
            case .diverged(let failure), .unprunable(let failure): throw failure
            }
            let result = try fromRoot(world) { try ScoreColumns.Column(ofRun: path).mean(of: tasks) }
            guard let result else {
                throw Failure.data("a task of the run has no score", at: path, remedy: "train longer")
            }
            checks.append(AffinityReport.Check(grouping: division.grouping, result: result, run: path))
        }
        return checks
    }

    /// A division with its study and run.
    private struct Division {
        let grouping: TaskGrouping
        let study: Study
        let directory: RunDirectory
    }

    private func divisions(_ extremes: GroupingSearch.Extremes) throws -> [Division] {
        func divisions(_ groupings: [TaskGrouping], _ name: (Int) -> String) throws -> [Division] {
            try groupings.enumerated().map { index, grouping in
                Division(
                    grouping: grouping, study: try shortened(study.grouped(grouping, tasks)),
                    directory: RunDirectory(path: "\(folder)/\(name(index))"))
            }
        }
        // The last of the worst is the worst.
        let worst = try divisions(extremes.worst) { "worst-\(extremes.worst.count - $0)" }
        return try divisions(extremes.best) { "best-\($0 + 1)" } + worst
    }

    /// Refuses a folder that is a run, or that has runs of other divisions or steps.
    private func requireRuns(of divisions: [Division]) throws {
        if RunDirectory(path: folder).hasBegun {
            throw Failure.usage(
                "is a run, but runs of the check would be written into it", at: folder,
                remedy: "choose another --output")
        }
        for division in divisions {
            guard let recorded = try RunFiles.identity(in: division.directory) else { continue }
            if try recorded.study != RunIdentity.boundSettings(of: division.study) {
                throw Failure.usage(
                    "is a run of other groups or settings than those of this check",
                    at: division.directory.path,
                    remedy: "repeat the options of the check that began it, or choose another --output")
            }
        }
    }

    /// The study with the steps of the check.
    private func shortened(_ study: Study) throws -> Study {
        let text = Data(try StudyFile.text(of: study).utf8)
        return try StudyFile(text, path: "study", overrides: ["stages.adapter.steps=\(steps)"]).study()
    }
}
