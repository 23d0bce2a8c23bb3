import Diagnostics
import Formats
import Foundation
import Runs

/// The verdict on a claim from the winners' runs with fresh seeds.
package struct Verdict: Sendable {
    package enum Outcome: String, Encodable, Sendable {
        case supported
        case notSupported = "not supported"
        case undecided
        /// Runs are missing, or too many failed.
        case untested
    }

    /// A fresh run that failed.
    package struct Failed: Sendable {
        package let arm: Claim.Arm
        package let seed: UInt64
        package let reason: String
        /// Whether it is the reference's.
        package let isReference: Bool

        init(_ arm: Claim.Arm, _ run: SweepResults.FailedRun, isReference: Bool) {
            (self.arm, seed, reason, self.isReference) = (arm, run.seed, run.reason, isReference)
        }
    }

    /// The seeds that both arms must have left if a run of one failed.
    package static let fewestSeeds = 3

    package let claim: Claim
    /// The arm's mean score over the reference's, for each seed that both have; nil without such seeds, or if
    /// a reference is not positive, of which a share says nothing.
    package let ratios: SeedSpread?
    /// The seeds that both have.
    package let seeds: Int
    /// The steps of the arm's runs, all stages together; nil without runs.
    package let steps: Int?
    package let outcome: Outcome
    package let failed: [Failed]
    /// Both costs, if the scores support a saving claim but the costs refute it; otherwise nil.
    package let excess: String?

    /// Reads the sweeps in a folder.
    ///
    /// - Throws: a failure if runs are not what their sweep recorded, or if those of arm and reference differ
    ///   in more than the claim is about
    init(_ claim: Claim, in folder: String) throws {
        self.claim = claim
        let arm = try ArmRuns(claim.arm, in: folder)
        let reference = try ArmRuns(claim.reference, in: folder)
        if let run = arm.runs.first, let reference = reference.runs.first {
            try Self.requireLikeConditions(run, reference)
        }
        failed =
            arm.failed.map { Failed(claim.arm, $0, isReference: false) }
            + reference.failed.map { Failed(claim.reference, $0, isReference: true) }
        let pairs = reference.runs.compactMap { reference in
            arm.runs.first { $0.seed == reference.seed }.map { (run: $0, reference: reference) }
        }
        let tasks = reference.runs.first?.scores.names ?? []
        let ratios = pairs.compactMap { pair -> Double? in
            guard let score = pair.run.mean(of: tasks), let reference = pair.reference.mean(of: tasks),
                reference > 0
            else { return nil }
            return score / reference
        }
        let isWhole = ratios.count == pairs.count
        self.ratios = isWhole ? SeedSpread(ratios) : nil
        seeds = pairs.count
        steps = pairs.first?.run.results.steps
        if !failed.isEmpty, pairs.count < Self.fewestSeeds {
            (outcome, excess) = (.untested, nil)
            return
        }
        let outcome = Self.cautious(
            isWhole ? Self.outcome(self.ratios, share: claim.share, isStrict: claim.isStrict) : .undecided,
            failed: failed)
        excess = outcome == .supported ? Self.excess(claim.saving, pairs) : nil
        self.outcome = excess == nil ? outcome : .notSupported
    }

    /// The outcome on the seeds that remain, unless the failed ones could turn it.
    ///
    /// A run that failed counts as worse than any other: leaving it out flatters its arm, so an arm with one
    /// cannot be supported, nor refuted by a reference with one.
    package static func cautious(_ outcome: Outcome, failed: [Failed]) -> Outcome {
        switch outcome {
        case .supported where failed.contains { !$0.isReference }: .undecided
        case .notSupported where failed.contains(where: \.isReference): .undecided
        default: outcome
        }
    }

    /// The reason why a claim whose scores suffice is not supported; nil for others.
    package var unsaved: String? {
        excess.map { "\(claim.text): the scores suffice, but it saves nothing: \($0)" }
    }

    /// The failed runs, and what they mean for the verdict; nil if none failed.
    package var failures: String? {
        if failed.isEmpty { return nil }
        let runs = failed.map { "seed \($0.seed) of \($0.arm.name) failed: \($0.reason)" }
        let rest =
            outcome == .untested
            ? "\(seeds) \(seeds == 1 ? "seed is" : "seeds are") left for both, "
                + "and \(Self.fewestSeeds) are needed"
            : "decided on the \(seeds) seeds left, a failed run counting as worse than any other"
        return "\(claim.text): \(runs.joined(separator: "; ")); \(rest)"
    }

    /// A claim is supported if the whole 95 % interval of the mean ratio is at the share or above it (above
    /// it, if strict), and not supported if it lies on the other side; a single seed decides nothing.
    package static func outcome(_ ratios: SeedSpread?, share: Double, isStrict: Bool = false) -> Outcome {
        guard let ratios else { return .untested }
        guard let half = ratios.halfWidth else { return .undecided }
        let (low, high) = (ratios.mean - half, ratios.mean + half)
        if isStrict ? low > share : low >= share { return .supported }
        return (isStrict ? high <= share : high < share) ? .notSupported : .undecided
    }

    /// The cost that an arm should have less of, in words, if a run of it has not; nil if all save.
    private static func excess(
        _ saving: Claim.Saving?, _ pairs: [(run: FinishedRun, reference: FinishedRun)]
    ) -> String? {
        let (cost, name): (ComparisonColumn, String)
        switch saving {
        case nil: return nil
        case .parameters: (cost, name) = (.parametersPerTask, "parameters per task")
        case .operations: (cost, name) = (.operationsAdded, "operations added")
        case .sharedParameters: (cost, name) = (.parametersAllTasks, "parameters of all tasks")
        }
        for (run, reference) in pairs {
            guard let found = cost.read(run), let limit = cost.read(reference) else {
                return "\(name): not in the results"
            }
            // Of T tasks, a shared adapter has at most the T-th part.
            let isLess =
                saving == .sharedParameters
                ? found * Double(reference.scores.names.count) <= limit : found < limit
            if !isLess { return String(format: "%@: %g, beside %g", name, found, limit) }
        }
        return nil
    }

    /// Refuses runs that differ in more than method, sharing, rule, rate and seed: a ratio of their scores
    /// says nothing about these.
    private static func requireLikeConditions(_ run: FinishedRun, _ reference: FinishedRun) throws {
        let compared = ["study.adapter", "study.sharing", "study.combination", "arithmetic", "files"]
        func isCompared(_ key: String) -> Bool {
            compared.contains { key == $0 || key.hasPrefix("\($0).") } || key.contains(".learningRate")
        }
        let (settings, others) = (run.study?.byKey ?? [:], reference.study?.byKey ?? [:])
        let keys = Set(settings.keys).union(others.keys).sorted()
        guard let key = keys.first(where: { !isCompared($0) && settings[$0] != others[$0] }) else { return }
        throw Failure.data(
            "differs from \(reference.path) in \(key): \(settings[key] ?? "nothing") and "
                + "\(others[key] ?? "nothing")",
            at: run.path, remedy: "run both sweeps of launch/claims on the same inputs and budget")
    }
}
