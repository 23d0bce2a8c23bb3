import Diagnostics
import Foundation
import Runs
import Studies

/// A run of a trial: its study, with a seed and examples to be scored on, and its directory.
struct TrialRun: Equatable {
    let trial: Trial
    let seed: UInt64
    /// Whether it repeats a winner with a fresh seed, scored on dev.
    let isFresh: Bool

    /// The run's directory, relative to the sweep's.
    var path: String {
        isFresh
            ? SweepDirectory.freshRun(trial: trial.folder, seed: seed)
            : SweepDirectory.run(trial: trial.folder, seed: seed)
    }

    /// The run for messages.
    var name: String { "trial \(trial.number), seed \(seed)" }

    /// The study; see ``SweepFile/study(of:seed:isFresh:features:)``.
    ///
    /// Its activations are those of the sweep's directory, unless the base names a folder.
    func study(_ sweep: SweepFile, in directory: SweepDirectory) throws -> Study {
        try sweep.study(
            of: trial, seed: seed, isFresh: isFresh, features: directory.activations)
    }
}
