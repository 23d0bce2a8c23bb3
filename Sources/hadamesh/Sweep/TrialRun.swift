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

    /// The study: the base with the trial's settings, its seed, and what the sweep decides.
    ///
    /// - Throws: a failure at a key of the study
    func study(_ sweep: SweepFile, in directory: SweepDirectory) throws -> Study {
        let settings = sweep.settings
        let settled = trial.settings.map(\.change)
        var changes = settled + ["seed=\(seed)"]
        if isFresh { changes += settings.then?.changes.map(\.change) ?? [] }
        let base = Data(sweep.texts.base.utf8)
        let place = settings.base
        let plain = try StudyFile(base, path: place, overrides: settled)
        if isFresh || settings.metric.on == .dev {
            changes.append("evaluation.heldOut=0")
        } else if try plain.study().evaluation.heldOut == 0 {
            changes.append("evaluation.heldOut=\(SweepMetric.heldOut)")
        }
        // A rung ends with an evaluation.
        if settings.search.method == .halving, !isFresh {
            changes.append("evaluation.every=\(settings.search.first)")
        }
        let study = try StudyFile(base, path: place, overrides: changes).study()
        if study.cache.features != nil { return study }
        return try StudyFile(
            base, path: place, overrides: changes + ["cache.features=\"\(directory.activations)\""]
        ).study()
    }
}
