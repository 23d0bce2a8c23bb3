import Diagnostics
import Formats
import Reports
import Runs
import Testing

/// Verdicts on the first claim, Hadamard against full fine-tuning, from made sweeps.
@Suite("Verdicts on claims")
struct VerdictTests {
    private let folder: RunFolder

    init() throws { folder = try RunFolder() }

    /// Writes the sweep of both arms, each with a run for every score and seeds from 11 on.
    private func sweep(
        _ scores: [Double], _ references: [Double], study: String = "whole", recorded: Double? = nil
    ) throws {
        func runs(_ method: String, _ scores: [Double], _ study: String) throws -> [String] {
            try scores.enumerated().map { index, score in
                let run = "then/\(method)/seed-\(11 + index)"
                _ = try folder.run(
                    "headline/\(run)", folder.results([("rte", score)]), study: study, seed: 11 + index,
                    adapter: ["method": .string(method)])
                return run
            }
        }
        let arms = [("hadamard", scores, study), ("full", references, "whole")]
        let results = SweepResults(
            score: "mean", on: "heldOut",
            trials: arms.enumerated().map { index, arm in
                SweepResults.TrialResult(
                    trial: index + 1, parameters: NamedValues([("adapter.method", arm.0)]), state: .finished,
                    score: 0.5, scores: [0.5], steps: nil, failure: nil, runs: [])
            }, ranking: [1, 2],
            then: try arms.enumerated().map { index, arm in
                SweepResults.FreshResult(
                    trial: index + 1,
                    score: (index == 0 ? recorded : nil) ?? arm.1.reduce(0, +) / Double(arm.1.count),
                    failure: nil, runs: try runs(arm.0, arm.1, arm.2))
            })
        try results.write(to: SweepDirectory(path: folder.path("headline")))
    }

    private func verdict() throws -> Verdict { try ClaimReport(folder.path("")).verdicts[0] }

    @Test("The ratio is taken seed by seed, over the seeds that both arms have")
    func ratios() throws {
        try sweep([0.6, 0.61, 0.62], [0.5, 0.5])
        let verdict = try verdict()
        #expect(verdict.ratios?.values == [1.2, 1.22] && verdict.steps == 40)
        #expect(verdict.outcome == .supported)
    }

    @Test("A reference at zero gives no ratio and no verdict")
    func zero() throws {
        try sweep([0.6, 0.6, 0.6], [0.5, 0, 0.5])
        let verdict = try verdict()
        #expect(verdict.ratios == nil && verdict.outcome == .undecided)
    }

    @Test("Arms of other studies are refused")
    func otherStudies() throws {
        try sweep([0.6, 0.6], [0.5, 0.5], study: "short")
        do {
            let verdict = try verdict()
            Issue.record("\(verdict.outcome)")
        } catch let failure as Failure {
            #expect(failure.message.contains("in study.name: short and whole"), "\(failure)")
        }
    }

    @Test("Runs with other scores than the sweep recorded are refused")
    func edits() throws {
        try sweep([0.6, 0.6], [0.5, 0.5], recorded: 0.55)
        do {
            let verdict = try verdict()
            Issue.record("\(verdict.outcome)")
        } catch let failure as Failure {
            #expect(failure.message.hasPrefix("records a score of 0.55 for trial 1, whose runs have 0.6"))
            #expect(failure.remedy?.contains("edited or replaced") == true)
        }
    }
}
