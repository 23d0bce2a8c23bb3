import Formats
import Foundation
import Testing

extension EndToEnd {
    /// A study names its backbone as it is called in the Hugging Face cache.
    @Suite struct NamedBackboneTests {
        private static let commit = "0123456789abcdef0123456789abcdef01234567"
        private let scene: Scene

        init() throws {
            scene = try Scene()
            try scene.copyEncoder()
            try scene.cacheEncoder(as: "org/tiny", commit: Self.commit)
        }

        private func hadamesh(_ arguments: [String], input: String? = nil) async throws -> Job {
            try await EndToEnd.hadamesh(
                arguments, environment: ["HF_HUB_CACHE": scene.hub],
                redirection: input.map { "<'\(scene.path($0))'" } ?? "")
        }

        @Test func aTokenizerMuchSmallerThanTheEmbeddingsIsWarnedOf() async throws {
            let tokens = try String(decoding: scene.read("backbone/vocab.txt"), as: UTF8.self)
                .split(separator: "\n")
            try scene.write("backbone/vocab.txt", tokens.dropLast(10).joined(separator: "\n"))
            let job = try await hadamesh(
                scene.training + ["stages.head.steps=1", "stages.adapter.steps=1"].flatMap { ["--set", $0] })
            let warning = "the tokenizer has 50 tokens, but the weights embed 60"
            #expect(job.status == 0 && job.warnings.contains { $0.contains(warning) }, "\(job)")
            #expect(try String(decoding: scene.read("run/journal.jsonl"), as: UTF8.self).contains(warning))
        }

        @Test func theRunRecordsNameAndCommit() async throws {
            let run = scene.path("run")
            let short = ["adapter=lora", "stages.head.steps=2", "stages.adapter.steps=2"].flatMap {
                ["--set", $0]
            }
            let job = try await hadamesh(scene.training + ["--set", "backbone=hf:org/tiny"] + short)
            try #require(job.status == 0, "\(job)")
            #expect(
                String(decoding: try scene.read("run/study.yaml"), as: UTF8.self)
                    .hasPrefix("backbone: hf:org/tiny\n"))
            let manifest = try JSONValue(parsing: try scene.read("run/manifest.json"), at: "manifest")
            let recorded = try #require(manifest["starts"]?[0]?["backbone"])
            #expect(recorded["model"] == "org/tiny")
            #expect(recorded["revision"] == .string(Self.commit))
            #expect(
                recorded["path"] == .string("\(scene.hub)/models--org--tiny/snapshots/\(Self.commit)"))
            let adapter = try JSONValue(
                parsing: try scene.read("run/adapters/colour/adapter_config.json"), at: "adapter")
            #expect(adapter["base_model_name_or_path"] == "org/tiny")
            let scores = try await hadamesh(["evaluate", run])
            #expect(scores.status == 0, "\(scores)")

            // PEFT finds the backbone that was trained on.
            let exported = try await hadamesh([
                "export", run, "--task", "colour", "--format", "peft", "--to", scene.path("peft"),
            ])
            #expect(exported.status == 0 && exported.errors.isEmpty, "\(exported)")
            let peft = try JSONValue(parsing: try scene.read("peft/adapter_config.json"), at: "peft")
            #expect(peft["base_model_name_or_path"] == "org/tiny" && peft["revision"] == .string(Self.commit))

            // The branch moves on to other weights; the commit stays.
            try scene.changeTensors { name, values in
                name.hasSuffix("query.bias") ? ([values.count], values.map { $0 + 1 }) : nil
            }
            try scene.cacheEncoder(as: "org/tiny", commit: "a1")
            let moved = try await hadamesh(["evaluate", run])
            #expect(moved.status == 3 && moved.errors.contains("was not trained on hf:org/tiny"), "\(moved)")
            let pinned = try await hadamesh(["evaluate", run, "--backbone", "hf:org/tiny@\(Self.commit)"])
            #expect(pinned.status == 0 && pinned.output == scores.output, "\(pinned)")
            let gone = try await hadamesh(["evaluate", run, "--backbone", "hf:org/gone"])
            #expect(
                gone.status == 3 && gone.failures.first?.contains("hf:org/gone is not in") == true, "\(gone)")
        }

        @Test func commandsTakeNames() async throws {
            let inspected = try await hadamesh(["inspect", "org/tiny", "--format", "json"])
            let facts = try JSONValue(parsing: Data(inspected.output.utf8), at: "inspect")
            #expect(facts["revision"] == .string(Self.commit) && facts["layers"] == 3, "\(inspected)")
            let methods = try await hadamesh(["methods", "hadamard", "--backbone", "hf:org/tiny"])
            #expect(methods.output.contains("% of the backbone"), "\(methods)")
            try scene.write("texts", "red green\n")
            let named = try await hadamesh(["tokenize", "--backbone", "hf:org/tiny"], input: "texts")
            let folder = try await hadamesh(
                ["tokenize", "--backbone", scene.path("backbone")], input: "texts")
            #expect(named.status == 0 && named.output == folder.output && !named.output.isEmpty, "\(named)")
            for command in [["tokenize", "--backbone"], ["methods", "--backbone"]] {
                let job = try await hadamesh(command + ["org/none"], input: "texts")
                #expect(job.status == 3 && job.errors.contains("launch/fetch encoder hub org/none"), "\(job)")
            }
        }
    }
}
