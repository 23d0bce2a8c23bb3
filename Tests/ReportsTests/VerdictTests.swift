import Diagnostics
import Formats
import Foundation
import Reports
import Runs
import Testing

/// Verdicts on the first claim, Hadamard against full fine-tuning, from made sweeps.
@Suite("Verdicts on claims")
struct VerdictTests {
    private let folder: RunFolder

    init() throws { folder = try RunFolder() }

    /// A trial of a sweep that was repeated with fresh seeds, from 11 on; a run without a score failed.
    private struct Arm {
        let value: String
        let scores: [Double?]
        var study = "whole"
        var recorded: Double?
    }

    /// Writes a sweep whose trials are the arms, best first.
    private func sweep(_ name: String, _ key: String, _ arms: [Arm]) throws {
        func runs(_ arm: Arm) throws -> [String] {
            try arm.scores.enumerated().map { index, score in
                let run = "then/\(arm.value)/seed-\(11 + index)"
                guard let score else { return run }
                _ = try folder.run(
                    "\(name)/\(run)", folder.results([("rte", score)]), study: arm.study, seed: 11 + index,
                    adapter: ["method": .string(arm.value)])
                return run
            }
        }
        let results = SweepResults(
            score: "mean", on: "heldOut",
            trials: arms.enumerated().map { index, arm in
                SweepResults.TrialResult(
                    trial: index + 1, parameters: NamedValues([(key, arm.value)]), state: .finished,
                    score: 0.5, scores: [0.5], steps: nil, failure: nil, runs: [])
            }, ranking: Array(1...arms.count),
            then: try arms.enumerated().map { index, arm in
                let known = arm.scores.compactMap(\.self)
                let runs = try runs(arm)
                return SweepResults.FreshResult(
                    trial: index + 1, score: arm.recorded ?? known.reduce(0, +) / Double(known.count),
                    failed: arm.scores.indices.filter { arm.scores[$0] == nil }.map {
                        SweepResults.FailedRun(
                            seed: UInt64(11 + $0), run: runs[$0], reason: "diverged: step 7")
                    }, runs: runs)
            })
        try results.write(to: SweepDirectory(path: folder.path(name)))
    }

    /// Writes the sweep of the first claim, with a score for each seed.
    private func sweep(
        _ scores: [Double?], _ references: [Double?], study: String = "whole", recorded: Double? = nil
    ) throws {
        try sweep(
            "headline", "adapter.method",
            [
                Arm(value: "hadamard", scores: scores, study: study, recorded: recorded),
                Arm(value: "full", scores: references),
            ])
    }

    private func verdict() throws -> Verdict { try ClaimReport(folder.path("")).verdicts[0] }

    @Test("The ratio is taken seed by seed, over the seeds that both arms have")
    func ratios() throws {
        try sweep([0.6, 0.61, 0.62], [0.5, 0.5])
        let verdict = try verdict()
        #expect(verdict.ratios?.values == [1.2, 1.22] && verdict.steps == 40)
        #expect(verdict.outcome == .supported)
    }

    @Test("A sweep whose claims need another one is not nothing")
    func oneSweep() throws {
        #expect(try ClaimReport(folder.path("")).isEmpty)
        try sweep("weights", "combination.weights", [Arm(value: "uniform", scores: [0.5, 0.5])])
        let report = try ClaimReport(folder.path(""))
        #expect(!report.isEmpty && report.verdicts.allSatisfy { $0.outcome == .untested })
    }

    @Test("A reference at zero gives no ratio and no verdict")
    func zero() throws {
        try sweep([0.6, 0.6, 0.6], [0.5, 0, 0.5])
        let verdict = try verdict()
        #expect(verdict.ratios == nil && verdict.outcome == .undecided)
    }

    @Test("A failed seed is named, and three pairs that remain decide, unless the failure could turn it")
    func failures() throws {
        func verdict(_ scores: [Double?], _ references: [Double?]) throws -> Verdict {
            let own = try VerdictTests()
            try own.sweep(scores, references)
            return try own.verdict()
        }
        // Without its failed seed the reference is flattered, and still the arm is better.
        let better = try verdict([0.6, 0.61, 0.62, 0.63], [0.5, nil, 0.5, 0.5])
        #expect(better.outcome == .supported && better.ratios?.values.count == 3)
        #expect(
            better.failures == "the Hadamard adapter reaches 98 % of full fine-tuning: seed 12 of "
                + "adapter.method=full of headline failed: diverged: step 7; decided on the 3 seeds left, a "
                + "failed run counting as worse than any other")
        #expect(try verdict([0.4, 0.4, 0.41, 0.4], [0.5, nil, 0.5, 0.5]).outcome == .undecided)

        // Without its own failed seed the arm is.
        #expect(try verdict([0.6, nil, 0.61, 0.62], [0.5, 0.5, 0.5, 0.5]).outcome == .undecided)
        #expect(try verdict([0.4, nil, 0.41, 0.4], [0.5, 0.5, 0.5, 0.5]).outcome == .notSupported)

        let few = try verdict([0.6, nil, 0.6], [0.5, 0.5, 0.5])
        #expect(few.outcome == .untested)
        #expect(few.failures?.hasSuffix("2 seeds are left for both, and 3 are needed") == true)
    }

    @Test("Of an arm's trials, that which scored highest on held-out examples is compared")
    func choice() throws {
        try sweep(
            "rules", "combination.rule",
            [
                Arm(value: "sum", scores: [0.9, 0.9]), Arm(value: "nash", scores: [0.6, 0.61]),
                Arm(value: "pcgrad", scores: [0.8, 0.8]),
            ])
        try sweep(
            "weights", "combination.weights",
            [Arm(value: "uniform", scores: [0.5, 0.5]), Arm(value: "rte", scores: [0.7, 0.7])])
        let verdicts = try ClaimReport(folder.path("")).verdicts
        let verdict = verdicts.first { $0.claim.text == "combination rules beat tuned fixed weights" }
        #expect(verdict?.ratios?.values == [1.2, 1.22])
    }

    @Test("A claim to save whose arm saves nothing is not supported, and says why")
    func saving() throws {
        try sweep(
            "methods", "adapter",
            [
                Arm(value: "{method: hut}", scores: [0.6, 0.61, 0.6]),
                Arm(value: "{method: lora}", scores: [0.5, 0.5, 0.5]),
            ])
        let report = try ClaimReport(folder.path(""))
        let verdict = try #require(report.verdicts.first { $0.claim.text.hasPrefix("HUT is on par") })
        #expect(verdict.ratios?.values.count == 3 && verdict.outcome == .notSupported)
        #expect(verdict.unsaved?.contains("saves nothing: operations added") == true)
        #expect(try report.text(.text, width: 200).contains("saves nothing: operations added"))
    }

    @Test("Text begins with the verdict, names claim and source together, and fits a terminal")
    func readable() throws {
        try sweep([0.6, 0.61, 0.62], [0.5, 0.5, 0.5])
        let text = try ClaimReport(folder.path("")).text(.text, width: 80)
        let lines = text.split(separator: "\n")
        #expect(lines[0].hasPrefix("verdict ") && lines.allSatisfy { $0.count <= 80 }, "\(text)")
        #expect(lines[1].hasPrefix("supported ") && lines[1].hasSuffix("3 × 40"), "\(text)")
        #expect(text.contains("(Chen et al.,"))
        let exact = try ClaimReport(folder.path("")).text(.csv, width: 80)
        #expect(exact.hasPrefix("claim,needs,found,seeds,steps,verdict,who says so\n"))
    }

    @Test("JSON has the ratios, the failed runs, and null for what a claim lacks")
    func machineReadable() throws {
        try sweep([0.5, 0.5, 0.625, 0.75], [0.5, nil, 0.5, 0.5])
        let text = try ClaimReport(folder.path("")).text(.json, width: 80)
        let claims = try JSONValue(parsing: Data(text.utf8), at: "claims")
        #expect(
            claims[0]?.encodedForReading() == """
                {
                  "claim": "the Hadamard adapter reaches 98 % of full fine-tuning",
                  "share": 0.98,
                  "ratios": [1.0, 1.25, 1.5],
                  "mean": 1.25,
                  "halfWidth": 0.6210344669448878,
                  "steps": 40,
                  "verdict": "undecided",
                  "excess": null,
                  "failed": [
                    {
                      "arm": "adapter.method=full of headline",
                      "seed": 12,
                      "reason": "diverged: step 7"
                    }
                  ]
                }

                """)
        #expect(
            claims[2]?.encoded() == """
                {"claim":"two thirds of the layers suffice","share":0.99,"ratios":[],"mean":null,\
                "halfWidth":null,"steps":null,"verdict":"untested","excess":null,"failed":[]}
                """)
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
