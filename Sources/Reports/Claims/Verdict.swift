import Diagnostics
import Formats
import Runs

/// The verdict on a claim from the winners' runs with fresh seeds.
package struct Verdict: Sendable {
    package enum Outcome: String, Sendable {
        case supported
        case notSupported = "not supported"
        case undecided
        /// Runs are missing, or failed.
        case untested
    }

    package let claim: Claim
    /// The arm's mean score over the reference's, for each seed that both have; nil without such seeds, or if
    /// a reference is not positive, of which a share says nothing.
    package let ratios: SeedSpread?
    /// The steps of the arm's runs, all stages together; nil without runs.
    package let steps: Int?
    package let outcome: Outcome

    /// Reads the sweeps in a folder.
    ///
    /// - Throws: a failure if runs are not what their sweep recorded, or if those of arm and reference differ
    ///   in more than the claim is about
    init(_ claim: Claim, in folder: String) throws {
        self.claim = claim
        let runs = try Self.runs(claim.arm, in: folder)
        let references = try Self.runs(claim.reference, in: folder)
        if let run = runs.first, let reference = references.first {
            try Self.requireLikeConditions(run, reference)
        }
        let pairs = references.compactMap { reference in
            runs.first { $0.seed == reference.seed }.map { (run: $0, reference: reference) }
        }
        let tasks = references.first?.scores.names ?? []
        let ratios = pairs.compactMap { pair -> Double? in
            guard let score = pair.run.mean(of: tasks), let reference = pair.reference.mean(of: tasks),
                reference > 0
            else { return nil }
            return score / reference
        }
        let isWhole = ratios.count == pairs.count
        self.ratios = isWhole ? SeedSpread(ratios) : nil
        steps = pairs.first?.run.facts["steps"].map { Int($0) }
        let isSaving = pairs.allSatisfy { Self.saves(claim.saving, $0.run, $0.reference) }
        let outcome: Outcome =
            isWhole ? Self.outcome(self.ratios, share: claim.share, isStrict: claim.isStrict) : .undecided
        self.outcome = outcome == .supported && !isSaving ? .notSupported : outcome
    }

    /// A claim is supported if the whole 95 % interval of the mean ratio is at the share or above it (above it,
    /// if strict), and not supported if it lies on the other side; a single seed decides nothing.
    package static func outcome(_ ratios: SeedSpread?, share: Double, isStrict: Bool = false) -> Outcome {
        guard let ratios else { return .untested }
        guard let half = ratios.halfWidth else { return .undecided }
        let (low, high) = (ratios.mean - half, ratios.mean + half)
        if isStrict ? low > share : low >= share { return .supported }
        return (isStrict ? high <= share : high < share) ? .notSupported : .undecided
    }

    private static func saves(_ saving: Claim.Saving?, _ run: FinishedRun, _ reference: FinishedRun) -> Bool {
        let key: String
        switch saving {
        case nil: return true
        case .parameters: key = ComparisonColumn.parametersPerTask
        case .operations: key = ComparisonColumn.operationsAdded
        }
        guard let own = run.facts[key], let its = reference.facts[key] else { return false }
        return own < its
    }

    /// An arm's fresh runs; none if the sweep lacks them.
    private static func runs(_ arm: Claim.Arm, in folder: String) throws -> [FinishedRun] {
        let directory = SweepDirectory(path: "\(folder)/\(arm.sweep)")
        guard let results = try SweepResults.read(directory) else { return [] }
        let trials = results.trials.filter { $0.parameters[arm.key] == arm.value }.map(\.trial)
        // Best first.
        guard let winner = results.then.first(where: { trials.contains($0.trial) }), winner.failure == nil
        else { return [] }
        let runs = try winner.runs.map { try FinishedRun("\(directory.path)/\($0)") }
        let scores = runs.map { run in
            results.score == "mean" ? run.mean(of: run.scores.names) : run.score(results.score)
        }
        let mean = scores.compactMap(\.self).mean
        guard let mean, let recorded = winner.score, abs(mean - recorded) < 1e-9 else {
            throw Failure.data(
                "records a score of \(winner.score ?? .nan) for trial \(winner.trial), whose runs have "
                    + "\(mean ?? .nan)", at: directory.resultsFile,
                remedy:
                    "a run was edited or replaced; train it again, then hadamesh sweep --resume \(directory.path)"
            )
        }
        return runs
    }

    /// Refuses runs that differ in more than method, sharing, rule, rate and seed: a ratio of their scores
    /// says nothing about these.
    private static func requireLikeConditions(_ run: FinishedRun, _ reference: FinishedRun) throws {
        let compared = ["study.adapter", "study.sharing", "study.combination", "arithmetic", "files"]
        func isCompared(_ key: String) -> Bool {
            compared.contains { key == $0 || key.hasPrefix("\($0).") } || key.contains(".learningRate")
        }
        let (own, its) = (StudyKeys(run.study).byKey, StudyKeys(reference.study).byKey)
        let keys = Set(own.keys).union(its.keys).sorted()
        guard let key = keys.first(where: { !isCompared($0) && own[$0] != its[$0] }) else { return }
        throw Failure.data(
            "differs from \(reference.path) in \(key): \(own[key] ?? "nothing") and \(its[key] ?? "nothing")",
            at: run.path, remedy: "run both sweeps of launch/claims on the same inputs and budget")
    }
}
