import Formats
import Runs

/// The verdict on a claim from the winners' runs with fresh seeds.
package struct Verdict: Sendable {
    package enum Outcome: String, Sendable {
        case supported
        case notSupported = "not supported"
        case undecided
        /// Runs are missing.
        case untested
    }

    package let claim: Claim
    /// The arm's mean score over the reference's, for each seed that both have.
    package let ratios: SeedSpread?
    package let outcome: Outcome

    /// Reads the sweeps in a folder.
    init(_ claim: Claim, in folder: String) throws {
        self.claim = claim
        let scores = try Self.scores(claim.arm, in: folder)
        let references = try Self.scores(claim.reference, in: folder)
        let ratios = SeedSpread(
            references.keys.sorted().compactMap { seed in
                guard let score = scores[seed], let reference = references[seed], reference > 0 else {
                    return nil
                }
                return score / reference
            })
        self.ratios = ratios
        outcome = Self.outcome(ratios, share: claim.share)
    }

    /// A claim is supported if the whole 95 % interval of the mean ratio is at the share or above it, and not
    /// supported if it is below; a single seed decides nothing.
    package static func outcome(_ ratios: SeedSpread?, share: Double) -> Outcome {
        guard let ratios else { return .untested }
        guard let half = ratios.halfWidth else { return .undecided }
        if ratios.mean - half >= share { return .supported }
        return ratios.mean + half < share ? .notSupported : .undecided
    }

    /// The mean scores of an arm's fresh runs, by seed; none if the sweep lacks them.
    private static func scores(_ arm: Claim.Arm, in folder: String) throws -> [String: Double] {
        let directory = SweepDirectory(path: "\(folder)/\(arm.sweep)")
        guard let results = try SweepResults.read(directory) else { return [:] }
        let trials = results.trials.filter { $0.parameters[arm.key] == arm.value }.map(\.trial)
        var scores: [String: Double] = [:]
        for fresh in results.then where trials.contains(fresh.trial) && fresh.failure == nil {
            for run in fresh.runs {
                let column = try ScoreColumns.Column(ofRun: "\(directory.path)/\(run)")
                let seed = run.split(separator: "/").last.map(String.init) ?? run
                scores[seed] = column.mean(of: column.scores.keys.sorted())
            }
        }
        return scores
    }
}
