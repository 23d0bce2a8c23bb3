import Foundation
import Testing

extension EndToEnd {
    /// Every mistake leads to one clear message and its exit code, on one rank and on several.
    @Suite struct MistakeTests {
        @Test(arguments: Mistake.inStudies) func aWrongStudyIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inBackbones) func aBadBackboneIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inFamilies) func aBackboneOfAFamilyIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inData) func badDataIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inCommands) func aWrongCommandIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inRuns) func aRunIsNotSpoilt(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inMerges) func whatHasNoMergeIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inSweeps) func aSweepIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        @Test(arguments: Mistake.inAffinity) func whatHasNoGroupsIsRefused(mistake: Mistake) async throws {
            try await expectAnswer(to: mistake)
        }

        /// After a failure `mpirun` waits a second or two before it kills ranks, even if they have exited.
        private static let promptly = ["OMPI_MCA_odls_base_sigkill_timeout": "0"]

        private func expectAnswer(to mistake: Mistake) async throws {
            let scene = try Scene()
            let arguments = try await mistake.make(scene)
            let hasRun = scene.exists("run")
            for ranks in mistake.ranks {
                defer { if !hasRun { try? FileManager.default.removeItem(atPath: scene.path("run")) } }
                let before = scene.runFiles
                let job = try await EndToEnd.hadamesh(
                    ranks: ranks, arguments,
                    environment: Self.promptly.merging(["HF_HUB_CACHE": scene.hub]) { $1 }, seconds: 30)
                let answer = "\(ranks.map { "\($0) ranks" } ?? "no mpirun"): \(job)"
                #expect(job.status == mistake.code, "\(answer)")
                #expect(scene.runFiles == before, "the run's files: \(answer)")
                #expect(hasRun || mistake.code != 2 || !scene.exists("run"), "a folder: \(answer)")
                #expect(job.failures.count == 1, "\(answer)")
                for words in mistake.says {
                    #expect(job.failures.first?.contains(words) == true, "'\(words)' on \(answer)")
                }
                let others = job.errorLines.filter { line in
                    !line.hasPrefix("hadamesh: ") && !mistake.mayAlsoSay.contains { line.hasPrefix($0) }
                }
                #expect(others.isEmpty, "\(answer)")
            }
        }
    }
}

extension Scene {
    /// The files of `run` that a mistake must not change.
    fileprivate var runFiles: [String: Data] {
        guard exists("run/results.json") else { return [:] }
        let names = [
            "study.yaml", "manifest.json", "results.json", "adapters/colour/adapter_model.safetensors",
            "adapters/alike/adapter_model.safetensors",
        ]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, (try? read("run/\($0)")) ?? Data()) })
    }
}
