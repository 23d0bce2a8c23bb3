import Diagnostics
package import Formats

/// The results of a sweep: `sweep.json`.
///
/// They depend on the sweep file, study, data, backbone and kernels alone: neither on ranks, nor on time, nor
/// on interruptions.
package struct SweepResults: Codable, Sendable, Equatable {
    /// The fate of a trial.
    package enum State: String, Codable, Sendable {
        /// Trained to the end.
        case finished
        /// Left behind by others at a rung.
        case pruned
        /// Refused, or diverged.
        case failed
    }

    /// A trial of the search.
    package struct TrialResult: Codable, Sendable, Equatable {
        package let trial: Int
        /// The value of each parameter, as YAML.
        package let parameters: NamedValues<String>
        package let state: State
        /// The mean over seeds; nil for a trial that failed.
        package let score: Double?
        /// By seed.
        package let scores: [Double]
        /// Steps of the adapter stage before a pruned trial was scored.
        package let steps: Int?
        /// The reason why the trial failed.
        package let failure: String?
        /// The run of each seed, relative to the sweep's directory.
        package let runs: [String]

        package init(
            trial: Int, parameters: NamedValues<String>, state: State, score: Double?, scores: [Double],
            steps: Int?, failure: String?, runs: [String]
        ) {
            (self.trial, self.parameters, self.state) = (trial, parameters, state)
            (self.score, self.scores, self.steps) = (score, scores, steps)
            (self.failure, self.runs) = (failure, runs)
        }
    }

    /// A run that was refused, or diverged.
    package struct FailedRun: Codable, Sendable, Equatable {
        package let seed: UInt64
        /// Relative to the sweep's directory.
        package let run: String
        package let reason: String

        package init(seed: UInt64, run: String, reason: String) {
            (self.seed, self.run, self.reason) = (seed, run, reason)
        }
    }

    /// A winner with fresh seeds, scored on dev.
    package struct FreshResult: Codable, Sendable, Equatable {
        package let trial: Int
        /// The mean over the seeds whose runs did not fail; nil if all did.
        package let score: Double?
        /// Nil if no run failed.
        package let failed: [FailedRun]?
        /// The runs of all seeds, failed ones included.
        package let runs: [String]

        package init(trial: Int, score: Double?, failed: [FailedRun] = [], runs: [String]) {
            (self.trial, self.score, self.runs) = (trial, score, runs)
            self.failed = failed.isEmpty ? nil : failed
        }

        /// The runs that did not fail.
        package var finishedRuns: [String] {
            runs.filter { run in !(failed ?? []).contains { $0.run == run } }
        }
    }

    /// The name of the score: a task's, or `mean`.
    package let score: String
    /// The examples it was measured on: `heldOut` or `dev`.
    package let on: String
    /// In the order of their numbers.
    package let trials: [TrialResult]
    /// The finished trials' numbers, best first.
    package let ranking: [Int]
    /// Empty without `then`.
    package let then: [FreshResult]

    package init(
        score: String, on examples: String, trials: [TrialResult], ranking: [Int], then: [FreshResult]
    ) {
        (self.score, on, self.trials) = (score, examples, trials)
        (self.ranking, self.then) = (ranking, then)
    }

    /// Writes `sweep.json` atomically.
    package func write(to directory: SweepDirectory) throws {
        try JSONFile.write(self, to: directory.resultsFile)
    }

    /// Reads the results of a sweep; nil if it has none yet.
    package static func read(_ directory: SweepDirectory) throws -> SweepResults? {
        try JSONFile.read(directory.resultsFile)
    }
}
