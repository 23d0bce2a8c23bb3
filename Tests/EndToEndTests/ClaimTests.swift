import Foundation
import Reports
import Studies
import Testing
import hadamesh

extension EndToEnd {
    /// The claims and the sweeps that test them fit together.
    @Suite struct ClaimTests {
        private static let folder = EndToEnd.package.appendingPathComponent("launch/sweeps")

        /// The sweep files that are ready to run.
        static let sweeps =
            ["methods.yaml", "layers.yaml"]
            + Set(Claim.all.flatMap { [$0.arm.sweep, $0.reference.sweep] }).sorted().map {
                "claims/\($0).yaml"
            }

        private static func sweep(_ name: String) throws -> SweepFile {
            try SweepFile(
                path: folder.appendingPathComponent(name).path, changes: ["backbone=B", "data=D"])
        }

        /// The record in the repository still gives the verdicts beside it.
        @Test func theRecordGivesItsVerdicts() async throws {
            let folder = EndToEnd.package.appending(path: "results/claims")
            let job = try await EndToEnd.hadamesh(["claims", folder.path, "--format", "csv"])
            #expect(job.status == 0, "\(job)")
            let expected = try String(contentsOf: folder.appending(path: "verdicts.csv"), encoding: .utf8)
            #expect(job.output == expected)
        }

        @Test(arguments: sweeps) func everyTrialOfAReadySweepIsAStudy(name: String) throws {
            let sweep = try Self.sweep(name)
            #expect(sweep.settings.trials.count >= 6)
            for trial in sweep.settings.trials { _ = try sweep.study(of: trial, seed: 1, isFresh: true) }
        }

        /// The trials that an arm is chosen from, and its runs with fresh seeds.
        private struct Chances: Equatable {
            let trials: Int
            let steps: String?
            let seeds: [UInt64]
            let changes: [Trial.Setting]

            init(_ arm: Claim.Arm) throws {
                let settings = try ClaimTests.sweep("claims/\(arm.sweep).yaml").settings
                #expect(settings.then?.per == arm.key)
                let own = settings.trials.filter { trial in arm.has { trial.value(of: $0) } }
                for value in arm.values {
                    #expect(own.contains { $0.value(of: arm.key ?? "") == value }, "\(arm)")
                }
                trials = own.count
                steps = own.first?.value(of: "stages.adapter.steps")
                seeds = settings.then?.seeds ?? []
                changes = settings.then?.changes ?? []
            }
        }

        @Test func everyArmOfAClaimIsOfItsSweepAndHasEqualChances() throws {
            for claim in Claim.all {
                let chances = try Chances(claim.arm)
                #expect(try Chances(claim.reference) == chances, "\(claim.text)")
                #expect(chances.trials >= 3 * max(1, claim.arm.values.count) && chances.seeds.count >= 3)
            }
        }

        @Test func aVerdictNeedsTheWholeInterval() {
            func outcome(_ ratios: [Double]) -> Verdict.Outcome {
                Verdict.outcome(SeedSpread(ratios), share: 0.98)
            }
            // Of three, the interval is the mean ± 2.48 standard deviations.
            #expect(outcome([0.99, 0.991, 0.992]) == .supported)
            #expect(outcome([0.96, 0.961, 0.962]) == .notSupported)
            #expect(outcome([0.97, 0.99, 1.01]) == .undecided)
            #expect(outcome([1.5]) == .undecided)
            #expect(outcome([]) == .untested)
            // A method that gives the reference's very scores is no better.
            let equal = SeedSpread([1, 1, 1])
            #expect(Verdict.outcome(equal, share: 1) == .supported)
            #expect(Verdict.outcome(equal, share: 1, isStrict: true) == .notSupported)
        }

        @Test func aFolderWithoutSweepsIsRefused() async throws {
            let scene = try Scene()
            let job = try await EndToEnd.hadamesh(["claims", scene.folder.path])
            #expect(job.status == 2 && job.failures.first?.contains("no finished sweep") == true, "\(job)")
        }
    }
}
