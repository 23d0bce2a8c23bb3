import Foundation
import Testing

extension EndToEnd {
    /// Adapters of two runs fused in a third.
    @Suite struct FusionTests {
        /// Two pfeiffer runs, `one` and `two`, with different seeds, and a study that fuses their adapters.
        private func twoRuns() async throws -> Scene {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            for (run, seed) in [("one", 1), ("two", 2)] {
                let job = try await EndToEnd.hadamesh([
                    "train", scene.study, "--output", scene.path(run), "--set", "seed=\(seed)", "--set",
                    "adapter={method: pfeiffer, bottleneck: 4}",
                ])
                try #require(job.status == 0, "\(job)")
            }
            try scene.replace(
                "sharing:",
                by: """
                    adapter:
                      method: fusion
                      adapters:
                        - \(scene.path("one/adapters/colour"))
                        - \(scene.path("two/adapters/alike"))
                    sharing:
                    """, in: "study.yaml")
            return scene
        }

        @Test func adaptersOfOtherRunsAreMixedAndTheResultIsOfUse() async throws {
            let scene = try await twoRuns()
            var results: [[String: Data]] = []
            for (run, ranks) in [("run", nil), ("other", 3)] as [(String, Int?)] {
                let job = try await EndToEnd.hadamesh(
                    ranks: ranks, ["train", scene.study, "--output", scene.path(run)])
                try #require(job.status == 0, "\(job)")
                results.append(try scene.adapters(run))
            }
            #expect(results[0] == results[1])
            let configuration = String(
                decoding: try scene.read("run/adapters/colour/adapter_config.json"), as: UTF8.self)
            for words in [
                "\"method\": \"fusion\"", "\"checksum\"", "one/adapters/colour/adapter_model.safetensors",
            ] {
                #expect(configuration.contains(words), "\(configuration)")
            }
            try scene.write("texts", "red dog\nblue cat\n")
            let predict = [
                "predict", scene.path("run"), "--task", "colour", "--input", scene.path("texts"),
            ]
            let labels = try await EndToEnd.hadamesh(predict)
            #expect(labels.status == 0, "\(labels)")
            #expect(labels.output.split(separator: "\n").allSatisfy { $0 == "warm" || $0 == "cold" })
            #expect(labels.output.split(separator: "\n").count == 2)

            // The fused adapters are part of the result.
            let adapter = "one/adapters/colour/adapter_model.safetensors"
            var bytes = try scene.read(adapter)
            bytes[bytes.count - 2] ^= 1
            try scene.write(adapter, bytes)
            for command in [predict, scene.training + ["--resume"]] {
                let job = try await EndToEnd.hadamesh(command)
                #expect(job.status == 3 && job.failures.count == 1, "\(job)")
                for words in [adapter, "is not what it was when ", "its checksum differs; restore it"] {
                    #expect(job.failures.first?.contains(words) == true, "\(job)")
                }
            }
        }

        @Test(arguments: [nil, 3]) func anotherBackboneIsRefused(ranks: Int?) async throws {
            let scene = try await twoRuns()
            try scene.copyEncoder()
            var bytes = try scene.read("backbone/model.safetensors")
            bytes[bytes.count - 1] ^= 1
            try scene.write("backbone/model.safetensors", bytes)
            let job = try await EndToEnd.hadamesh(
                ranks: ranks, scene.training, environment: ["OMPI_MCA_odls_base_sigkill_timeout": "0"])
            #expect(job.status == 3 && job.failures.count == 1, "\(job)")
            for words in ["adapter.adapters[0]: ", "was trained on a different backbone", "checksum differs"]
            {
                #expect(job.failures.first?.contains(words) == true, "\(job)")
            }
            #expect(!scene.exists("run/results.json"))
        }

        @Test func methodsListsRequiredSettings() async throws {
            let job = try await EndToEnd.hadamesh([
                "methods", "fusion", "--backbone", Scene.encoder.path,
            ])
            #expect(job.status == 0, "\(job)")
            let rows = job.output.split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            #expect(rows.contains { $0.starts(with: ["adapters", "must", "be", "given"]) }, "\(job)")
            #expect(rows.contains { $0.starts(with: ["queryInput", "normalized"]) }, "\(job)")
            #expect(rows.contains { $0.starts(with: ["parameters", "depend", "on", "adapters"]) }, "\(job)")
        }
    }
}
