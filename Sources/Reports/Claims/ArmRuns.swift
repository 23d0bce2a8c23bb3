import Diagnostics
import Formats
import Runs

/// An arm's runs with fresh seeds; none if its sweep has not ended, or if all its trials failed.
struct ArmRuns {
    let runs: [FinishedRun]
    let failed: [SweepResults.FailedRun]

    /// Reads the sweeps in a folder.
    ///
    /// - Throws: a failure if the scores of the runs are not those that the sweep recorded
    init(_ arm: Claim.Arm, in folder: String) throws {
        let directory = SweepDirectory(path: "\(folder)/\(arm.sweep)")
        let results = try SweepResults.read(directory)
        let trials = Set(
            (results?.trials ?? []).filter { trial in arm.has { trial.parameters[$0] } }.map(\.trial))
        // The best on the examples that trials were scored on.
        let best = (results?.ranking ?? []).first { trials.contains($0) }
        guard let results, let winner = results.then.first(where: { $0.trial == best }) else {
            (runs, failed) = ([], [])
            return
        }
        failed = winner.failed ?? []
        runs = try winner.finishedRuns.map { try FinishedRun("\(directory.path)/\($0)") }
        if runs.isEmpty { return }
        let scores = runs.map { run in
            results.score == "mean" ? run.mean(of: run.scores.names) : run.score(results.score)
        }
        let mean = scores.compactMap(\.self).mean
        guard let mean, let recorded = winner.score, abs(mean - recorded) < 1e-9 else {
            throw Failure.data(
                "records a score of \(winner.score ?? .nan) for trial \(winner.trial), whose runs have "
                    + "\(mean ?? .nan)", at: directory.resultsFile,
                remedy:
                    "a run was edited or replaced; train it again, then "
                    + "hadamesh sweep --resume \(directory.path)"
            )
        }
    }
}
