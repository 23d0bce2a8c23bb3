import Formats
import Foundation
import Kernels
import Testing

extension EndToEnd {
    /// A run is resumed, and its adapters are used, only with the inputs of their training.
    @Suite struct IdentityTests {
        private let scene: Scene
        /// Kernels whose bits differ from those of this processor's best.
        private let otherKernels = ["HADAMESH_KERNELS": VectorKernels.bits == "sse2" ? "avx2" : "portable"]

        init() throws {
            scene = try Scene()
            try scene.copyEncoder()
        }

        private func train(_ more: [String] = [], environment: [String: String] = [:]) async throws -> Job {
            try await EndToEnd.hadamesh(
                ["train", scene.study, "--output", scene.path("run")] + more, environment: environment)
        }

        /// Makes a run look killed after its only checkpoint, or before its first.
        private func cutBack(toStep step: Int?) throws {
            let files = FileManager.default
            for name in try files.contentsOfDirectory(atPath: scene.path("run/checkpoints"))
            where step == nil || name != "step-\(step ?? 0)" {
                try files.removeItem(atPath: scene.path("run/checkpoints/\(name)"))
            }
            try files.removeItem(atPath: scene.path("run/results.json"))
        }

        private func manifest() throws -> JSONValue {
            try JSONValue(parsing: scene.read("run/manifest.json"), at: "manifest.json")
        }

        private static let hasOtherKernels = VectorKernels.choices.count > 1

        @Test(.enabled(if: hasOtherKernels, "this processor has one set of kernels"))
        func otherKernelsAreRefusedOrMarked() async throws {
            var job = try await train(["--set", "checkpoint.keep=100"])
            try #require(job.status == 0, "\(job)")
            try cutBack(toStep: 20)

            job = try await train(["--resume", "--set", "checkpoint.keep=100"], environment: otherKernels)
            #expect(job.status == 3 && job.failures.count == 1, "\(job)")
            #expect(job.errors.contains("--allow-different-kernels"), "\(job)")
            #expect(try manifest()["starts"]?.array?.count == 1)

            job = try await train(["--resume", "--allow-different-kernels"], environment: otherKernels)
            #expect(job.status == 0, "\(job)")
            let results = try JSONValue(parsing: scene.read("run/results.json"), at: "results.json")
            #expect(results["mixed"] == true && results["arithmetic"]?.array?.count == 2)
            let manifest = try manifest()
            #expect(manifest["mixed"] == true)
            let starts = manifest["starts"]?.array ?? []
            #expect(starts.map { $0["resumedFrom"]?.int } == [nil, 20])
            #expect(Set(starts.compactMap { $0["bits"]?.string }).count == 2)
            let table = try await EndToEnd.hadamesh(["compare", scene.path("run")])
            #expect(table.output.contains("hadamard (mixed kernels)"), "\(table)")
            // Both kinds of kernels computed a part, so either may use the result.
            for environment in [[:], otherKernels] {
                let scores = try await EndToEnd.hadamesh(
                    ["evaluate", scene.path("run")], environment: environment)
                #expect(scores.status == 0, "\(scores)")
            }
        }

        @Test(.enabled(if: hasOtherKernels, "this processor has one set of kernels"))
        func usesWithOtherKernelsAreRefused() async throws {
            let job = try await train()
            try #require(job.status == 0, "\(job)")
            let evaluate = ["evaluate", scene.path("run")]
            let refused = try await EndToEnd.hadamesh(evaluate, environment: otherKernels)
            #expect(
                refused.status == 3 && refused.errors.contains("which gives different bits"), "\(refused)")
            let allowed = try await EndToEnd.hadamesh(
                evaluate + ["--allow-different-kernels"], environment: otherKernels)
            #expect(allowed.status == 0, "\(allowed)")
        }

        @Test func anotherArithmeticIsRefused() async throws {
            let rounded = ["--set", "arithmetic=bfloat16"]
            var job = try await train(rounded + ["--set", "checkpoint.keep=100"])
            try #require(job.status == 0, "\(job)")
            let (run, identity) = (scene.path("run"), try manifest()["identity"])
            #expect(identity?["study"]?["arithmetic"] == "bfloat16")
            #expect(identity?["arithmetic"]?[0]?["bfloat16"]?.string == RoundedKernels.bits)
            for path in [run, "\(run)/adapters/colour", "\(run)/checkpoints/step-20"] {
                let description = try await EndToEnd.hadamesh(["inspect", path])
                #expect(description.output.contains("bfloat16"), "\(description)")
            }
            let table = try await EndToEnd.hadamesh(["compare", run])
            #expect(table.output.contains("hadamard (bfloat16)"), "\(table)")

            let settings = try scene.read("run/study.yaml")
            try scene.replace("arithmetic: bfloat16", by: "arithmetic: float32", in: "run/study.yaml")
            for use in [["evaluate", run], ["predict", run, "--task", "colour", "--input", scene.study]] {
                let refused = try await EndToEnd.hadamesh(use)
                #expect(refused.status == 3, "\(refused)")
                #expect(refused.errors.contains("was trained with arithmetic \"bfloat16\""), "\(refused)")
            }
            try scene.write("run/study.yaml", settings)
            if RoundedKernels.bits == "tiles" {
                let refused = try await EndToEnd.hadamesh(
                    ["evaluate", run], environment: ["HADAMESH_KERNELS": "avx512"])
                #expect(
                    refused.status == 3 && refused.errors.contains("bfloat16-pairs kernels, which gives"),
                    "\(refused)")
            }
            let scores = try await EndToEnd.hadamesh(["evaluate", run])
            #expect(scores.status == 0, "\(scores)")

            try cutBack(toStep: 20)
            job = try await train(["--resume", "--set", "checkpoint.keep=100"])
            #expect(job.status == 2, "\(job)")
            #expect(job.errors.contains("arithmetic: was \"bfloat16\" when this run began"), "\(job)")
            if RoundedKernels.bits == "tiles" {
                job = try await train(
                    rounded + ["--resume", "--set", "checkpoint.keep=100"],
                    environment: ["HADAMESH_KERNELS": "avx2"])
                #expect(job.status == 3 && job.errors.contains("bfloat16-pairs kernels, which"), "\(job)")
            }
            job = try await train(rounded + ["--resume", "--set", "checkpoint.keep=100"])
            #expect(job.status == 0, "\(job)")
        }

        @Test func anotherBackboneOfTheSameShapeIsRefused() async throws {
            let job = try await train(["--set", "checkpoint.keep=100"])
            try #require(job.status == 0, "\(job)")
            try scene.write("lines", "red dog\nblue cat\n")
            let run = scene.path("run")
            let uses = [
                ["evaluate", run], ["predict", run, "--task", "colour", "--input", scene.path("lines")],
                ["export", run, "--task", "colour", "--format", "merged", "--encoder-only", "--to"]
                    + [scene.path("merged")],
            ]
            for spoil in ["weights", "epsilon", "activation", "heads"] {
                let original = try (
                    scene.read("backbone/model.safetensors"), scene.read("backbone/config.json")
                )
                switch spoil {
                case "weights":
                    try scene.changeTensors { name, values in
                        name.hasSuffix("query.bias") ? ([values.count], values.map { $0 + 1 }) : nil
                    }
                case "epsilon": try scene.replace("1e-12", by: "1e-6", in: "backbone/config.json")
                case "activation":
                    try scene.replace(
                        "\"hidden_act\": \"gelu\"", by: "\"hidden_act\": \"gelu_new\"",
                        in: "backbone/config.json")
                default:
                    try scene.replace(
                        "\"num_attention_heads\": 3", by: "\"num_attention_heads\": 2",
                        in: "backbone/config.json")
                }
                for use in uses {
                    let refused = try await EndToEnd.hadamesh(use)
                    #expect(refused.status == 3, "\(spoil): \(refused)")
                    #expect(refused.errors.contains("was not trained on"), "\(refused)")
                }
                let allowed = try await EndToEnd.hadamesh(uses[0] + ["--allow-different-backbone"])
                #expect(allowed.status == 0, "\(spoil): \(allowed)")
                let resumed = try await train(["--resume", "--set", "checkpoint.keep=100"])
                #expect(
                    resumed.status == 3 && resumed.errors.contains("backbone: is not the one"), "\(resumed)")
                try scene.write("backbone/model.safetensors", original.0)
                try scene.write("backbone/config.json", original.1)
            }
            for use in uses {
                let used = try await EndToEnd.hadamesh(use)
                #expect(used.status == 0, "\(used)")
            }
        }

        @Test func otherDataAndSettingsAreNoAccident() async throws {
            let job = try await train()
            try #require(job.status == 0, "\(job)")
            let evaluate = ["evaluate", scene.path("run")]
            let settings = try scene.read("run/study.yaml")
            try scene.replace("maximumTokens: 24", by: "maximumTokens: 12", in: "run/study.yaml")
            var refused = try await EndToEnd.hadamesh(evaluate)
            #expect(refused.status == 3 && refused.errors.contains("maximumTokens 24"), "\(refused)")
            try scene.write("run/study.yaml", settings)
            let dev = String(decoding: try scene.read("colour-dev.tsv"), as: UTF8.self).split(separator: "\n")
            try scene.write("colour-dev.tsv", dev.dropLast().joined(separator: "\n") + "\n")
            refused = try await EndToEnd.hadamesh(evaluate)
            #expect(refused.status == 3 && refused.errors.contains("the data of colour is not"), "\(refused)")
            let allowed = try await EndToEnd.hadamesh(evaluate + ["--data", scene.folder.path])
            #expect(allowed.status == 0, "\(allowed)")
        }

        /// Resuming a finished run changes no file, on any number of ranks.
        @Test(arguments: [nil, 5]) func aFinishedRunIsLeftAlone(ranks: Int?) async throws {
            var job = try await train()
            try #require(job.status == 0, "\(job)")
            func files() throws -> [String: Data] {
                let names = try FileManager.default.subpathsOfDirectory(atPath: scene.path("run"))
                return Dictionary(
                    uniqueKeysWithValues: names.compactMap { name in
                        FileManager.default.contents(atPath: scene.path("run/\(name)")).map { (name, $0) }
                    })
            }
            func times() throws -> [String: Date?] {
                let manager = FileManager.default
                return Dictionary(
                    uniqueKeysWithValues: try files().keys.map { name in
                        let path = scene.path("run/\(name)")
                        return (name, try manager.attributesOfItem(atPath: path)[.modificationDate] as? Date)
                    })
            }
            let before = (try files(), try times())
            for arguments in [scene.training + ["--resume"], ["train", "--resume", scene.path("run")]] {
                job = try await EndToEnd.hadamesh(ranks: ranks, arguments)
                #expect(job.status == 0 && job.errors.contains("finished already"), "\(job)")
                #expect(try (files(), times()) == before)
            }
        }

        /// Its own files tell: data and backbone may be gone.
        @Test func aFinishedRunIsLeftAsItIsWithoutItsData() async throws {
            var job = try await train()
            try #require(job.status == 0, "\(job)")
            try FileManager.default.removeItem(atPath: scene.path("colour-train.tsv"))
            job = try await EndToEnd.hadamesh(["train", "--resume", scene.path("run")])
            #expect(job.status == 0 && job.errors.contains("finished already"), "\(job)")
            let adapter = "run/adapters/colour/adapter_model.safetensors"
            try FileManager.default.removeItem(atPath: scene.path(adapter))
            job = try await EndToEnd.hadamesh(["train", "--resume", scene.path("run")])
            #expect(job.status == 3 && job.errors.contains("colour-train.tsv: there is no such"), "\(job)")
        }

        /// An adapter that is cut short is written again from the last checkpoint.
        @Test func aFinishedRunWithADamagedAdapterIsRepaired() async throws {
            var job = try await train()
            try #require(job.status == 0, "\(job)")
            let name = "run/adapters/colour/adapter_model.safetensors"
            let whole = try scene.read(name)
            try scene.write(name, whole.prefix(whole.count / 2))
            job = try await train(["--resume"])
            #expect(job.status == 0 && !job.errors.contains("finished already"), "\(job)")
            #expect(try scene.read(name) == whole)
        }

        @Test func aRunWithoutACheckpointStaysItsStudys() async throws {
            var job = try await train()
            try #require(job.status == 0, "\(job)")
            try cutBack(toStep: nil)
            job = try await train(["--resume", "--set", "seed=7"])
            #expect(job.status == 2 && job.errors.contains("seed: was 42"), "\(job)")
            job = try await train(["--resume"])
            #expect(job.status == 0, "\(job)")
        }

        @Test func checkpointsThatCannotBeListedAreNotNone() async throws {
            var job = try await train()
            try #require(job.status == 0, "\(job)")
            try cutBack(toStep: nil)
            try FileManager.default.removeItem(atPath: scene.path("run/checkpoints"))
            try scene.write("run/checkpoints", "no folder")
            job = try await train(["--resume"])
            #expect(job.status == 3 && job.errors.contains("checkpoints can't be listed"), "\(job)")
        }
    }
}
