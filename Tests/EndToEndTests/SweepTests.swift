import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

extension EndToEnd {
    /// A sweep's trials, pruning, winners and adapters are those of any number of ranks and groups.
    @Suite struct SweepTests {
        private let scene: Scene

        /// Six trials of which one diverges and three are left behind, and two runs of the winner.
        init() throws {
            scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            try scene.write("sweep.yaml", Self.sweep(ranksPerTrial: 1))
        }

        private static func sweep(ranksPerTrial: Int) -> String {
            """
            base: study.yaml
            ranksPerTrial: \(ranksPerTrial)
            search: { method: halving, trials: 6, seed: 3, factor: 2, first: 3 }
            parameters:
              adapter.method: { values: [hadamard, lora] }
              stages.adapter.learningRate: { values: [1e-3, 3e-2, 1e30] }
            then: { best: 1, seeds: [11, 12] }

            """
        }

        private func sweep(ranks: Int?, _ output: String, file: String = "sweep.yaml", _ more: [String] = [])
            async throws -> Job
        {
            try await EndToEnd.hadamesh(
                ranks: ranks,
                ["sweep", scene.path(file), "--output", scene.path(output), "--quiet"] + more)
        }

        /// The results, and the bytes of every adapter by its path.
        private struct Files: Equatable {
            let results: Data
            let adapters: [String: Data]
        }

        private func files(_ output: String) throws -> Files {
            let names = try FileManager.default.subpathsOfDirectory(atPath: scene.path(output))
                .filter { $0.hasSuffix("adapter_model.safetensors") }
            return Files(
                results: try scene.read("\(output)/sweep.json"),
                adapters: Dictionary(
                    uniqueKeysWithValues: try names.map { ($0, try scene.read("\(output)/\($0)")) }))
        }

        @Test func anyNumberOfRanksAndGroupsGivesTheSameBytes() async throws {
            let alone = try await sweep(ranks: nil, "alone")
            try #require(alone.status == 0, "\(alone)")
            let expected = try files("alone")
            let results = try JSONValue(parsing: expected.results, at: "sweep.json")
            let states = (results["trials"]?.array ?? []).compactMap { $0["state"]?.string }
            #expect(states.count == 6 && Set(states) == ["finished", "pruned", "failed"], "\(states)")
            #expect(alone.output.contains("diverged: step "), "\(alone.output)")
            #expect(results["then"]?[0]?["runs"]?.array?.count == 2)
            #expect(expected.adapters.keys.contains { $0.hasPrefix("then/") })

            try scene.write("pairs.yaml", Self.sweep(ranksPerTrial: 2))
            for (ranks, file) in [(3, "sweep.yaml"), (4, "pairs.yaml")] {
                let job = try await sweep(ranks: ranks, "of-\(ranks)", file: file)
                #expect(job.status == 0, "\(job)")
                #expect(try files("of-\(ranks)") == expected, "\(ranks) ranks, \(file)")
                #expect(!scene.exists("of-\(ranks)/.claims"))
            }
        }

        /// Ranks without a micro-batch of the first run's head stage stop with the others.
        @Test func aSignalDuringTheSharedHeadStageStopsAllRanks() async throws {
            let long = ["stages.head.steps=1000000", "batch.microBatch=8", "evaluation.every=1000000"]
            async let asked = sweep(ranks: 3, "swept", long.flatMap { ["--set", $0] })
            for _ in 0..<600 where scene.folders(in: "swept/trials") < 1 {
                try await Task.sleep(for: .milliseconds(10))
            }
            if let launcher = Ranks.launcher(with: scene.path("swept")) { kill(launcher, SIGUSR1) }
            let job = try await asked
            #expect(
                job.status == 75 && job.errors.contains("resume with: \(EndToEnd.program) sweep --resume"),
                "\(job)")
        }

        /// Quotes and backslashes in its path, winners that diverge, and a task that one trial lacks.
        @Test func failuresOfTrialsAndWinnersAreNamed() async throws {
            try scene.write(
                "sweep.yaml",
                """
                base: study.yaml
                metric: { score: hue }
                parameters:
                  tasks.0.name: { values: [hue, colour] }
                  stages.adapter.steps: { values: [3] }
                then: { seeds: [11], set: { stages.adapter.learningRate: 1e30 } }

                """)
            let job = try await sweep(ranks: nil, "a \"b\\c")
            #expect(job.status == 3, "\(job)")
            #expect(job.failures.first?.contains("every winner failed with fresh seeds") == true, "\(job)")
            #expect(
                job.output.contains("trial 2: does not train hue, by which trials are ranked\n"), "\(job)")
            #expect(job.output.contains("trial 1, fresh seed 11: diverged: step "), "\(job)")
            #expect(scene.exists("a \"b\\c/activations") && !scene.exists("a \"b\\c/trials/002-colour"))
        }

        /// A rate that is too high, and an adapter that cannot be pruned.
        @Test func aTrialThatCannotGoOnIsARowAndTheRestGoesOn() async throws {
            try scene.write(
                "sweep.yaml",
                """
                base: study.yaml
                metric: { on: dev }
                parameters:
                  adapter:
                    values:
                      - hadamard
                      - { method: sparse, score: snip, base: { method: lora, rank: 2 } }
                  stages.adapter.learningRate: { values: [1e-3, 1e30] }
                  stages.adapter.steps: { values: [4] }

                """)
            let job = try await sweep(ranks: 2, "swept")
            #expect(job.status == 0, "\(job)")
            let results = try JSONValue(parsing: scene.read("swept/sweep.json"), at: "sweep.json")
            let trials = results["trials"]?.array ?? []
            #expect(
                trials.compactMap { $0["state"]?.string } == ["finished", "failed", "failed", "failed"],
                "\(job.output)")
            let reasons = trials.map { $0["failure"]?.string ?? "" }
            #expect(
                reasons[1].contains("diverged: step ") && reasons[1].contains("is not finite"), "\(reasons)")
            #expect(reasons[2].contains("has a snip score of 0"), "\(reasons)")
        }

        /// Trials of one sweep have the same kernels, finished ones too.
        @Test func aSweepDoesNotGoOnWithOtherKernels() async throws {
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  stages.adapter.steps: { values: [2, 3] }\n")
            let whole = try await sweep(ranks: nil, "swept")
            try #require(whole.status == 0, "\(whole)")
            try FileManager.default.removeItem(atPath: scene.path("swept/sweep.json"))
            let resumed = try await EndToEnd.hadamesh(
                ["sweep", "--resume", scene.path("swept"), "--quiet"],
                environment: ["HADAMESH_KERNELS": VectorKernels.bits == "sse2" ? "avx2" : "portable"])
            #expect(resumed.status == 3, "\(resumed)")
            #expect(
                resumed.errors.contains(
                    "which gives different bits; resume on processors with the same kernels\n"),
                "\(resumed)")
        }

        /// Finished runs need no more than their results, wherever backbone and data are now.
        @Test func aSweepGoesOnFromItsRecordWithMovedInputs() async throws {
            try scene.write(
                "sweep.yaml",
                "base: study.yaml\nparameters:\n  stages.adapter.steps: { values: [2, 3] }\n"
                    + "then: { best: 1, seeds: [11] }\n")
            let whole = try await sweep(ranks: nil, "swept")
            try #require(whole.status == 0, "\(whole)")
            let expected = try scene.read("swept/sweep.json")
            let manager = FileManager.default
            let kept: Set = ["sweep.yaml", "base.yaml", "manifest.json", "results.json"]
            for name in try manager.subpathsOfDirectory(atPath: scene.path("swept"))
            where kept.contains(URL(fileURLWithPath: name).lastPathComponent) && !name.hasPrefix("then/") {
                try scene.write("record/\(name)", scene.read("swept/\(name)"))
            }
            try manager.copyItem(atPath: Scene.encoder.path, toPath: scene.path("moved"))
            let resumed = try await sweep(
                ranks: 2, "record", ["--resume", "--set", "backbone=\(scene.path("moved"))"])
            #expect(resumed.status == 0, "\(resumed)")
            #expect(try scene.read("record/sweep.json") == expected)
            // The recorded trials are not trained again, the winner's run is.
            let trials = try manager.subpathsOfDirectory(atPath: scene.path("record/trials"))
            #expect(trials.count { $0.hasSuffix("results.json") } == 2)
            #expect(!trials.contains { $0.contains("journal") || $0.contains("adapters") }, "\(trials)")
            #expect(try files("record").adapters.count == 2)

            try manager.removeItem(atPath: scene.path("record/sweep.json"))
            let other = try await sweep(
                ranks: 2, "record", ["--resume", "--set", "backbone=\(TinyModel.directory(of: .electra))"])
            #expect(
                other.status == 3 && other.errors.contains("is not the one that this run began with"),
                "\(other)")
        }

        @Test func kernelsThatTheProcessorLacksAreRefused() async throws {
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  stages.adapter.steps: { values: [2, 3] }\n")
            let job = try await EndToEnd.hadamesh(
                ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept")],
                environment: ["HADAMESH_KERNELS": "avx3"])
            #expect(job.status == 2 && job.errors.contains("HADAMESH_KERNELS: is 'avx3'"), "\(job)")
            #expect(!scene.exists("swept/trials"))
        }

        @Test func aKilledSweepGoesOnToTheSameBytes() async throws {
            let alone = try await sweep(ranks: nil, "alone")
            try #require(alone.status == 0, "\(alone)")
            var random = TestRandom("a sweep killed")
            let trial = Int.random(in: 1...3, using: &random)
            async let killed = sweep(ranks: 2, "killed")
            for _ in 0..<600 where scene.folders(in: "killed/trials") < trial {
                try await Task.sleep(for: .milliseconds(10))
            }
            for process in Ranks.running(with: scene.path("killed")) { kill(process.id, SIGKILL) }
            let job = try await killed
            #expect(job.status == 128 + SIGKILL, "\(job)")
            #expect(!scene.exists("killed/sweep.json"))

            let resumed = try await EndToEnd.hadamesh(
                ranks: 3, ["sweep", "--resume", scene.path("killed"), "--quiet"])
            #expect(resumed.status == 0, "\(resumed)")
            #expect(try files("killed") == files("alone"), "killed in trial \(trial)")
        }
    }
}

extension Scene {
    /// The number of entries of a folder that need not exist yet.
    fileprivate func folders(in name: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: path(name)))?.count ?? 0
    }
}
