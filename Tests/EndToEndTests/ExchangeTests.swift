import Foundation
import Testing

extension EndToEnd {
    /// `hadamesh export` and `hadamesh import` on runs of the tiny encoder.
    @Suite struct ExchangeTests {
        private func finished(_ adapter: String, pooling: String = "cls") async throws -> Scene {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 10", in: "study.yaml")
            let changes = ["adapter=\(adapter)", "head={pooling: \(pooling)}"]
            let job = try await EndToEnd.hadamesh(scene.training + changes.flatMap { ["--set", $0] })
            try #require(job.status == 0, "\(job)")
            return scene
        }

        private func succeed(_ arguments: [String]) async throws -> String {
            let job = try await EndToEnd.hadamesh(arguments)
            try #require(job.status == 0, "\(job)")
            return job.output
        }

        @Test(
            arguments: [
                ("peft", "{method: lora, rank: 2}"), ("peft", "{method: layernorm}"),
                ("peft", "{method: hut, form: lowrank, rank: 2, scale: false, shift: false}"),
                ("adapters", "{method: pfeiffer, bottleneck: 4}"), ("adapters", "{method: lora, rank: 2}"),
            ], ["cls", "mean", "cls, dense: tanh"])
        func anExportedAndImportedAdapterAnswersWithTheSameBits(
            written: (format: String, adapter: String), pooling: String
        ) async throws {
            let scene = try await finished(written.adapter, pooling: pooling)
            let job = try await EndToEnd.hadamesh([
                "export", scene.path("run"), "--task", "colour", "--format", written.format, "--to",
                scene.path("out"),
            ])
            #expect(job.status == 0 && job.output == "wrote \(scene.path("out"))\n")
            #expect(job.errorLines.count == 1 && job.errors.contains("--base-model NAME"), "\(job)")
            // The study names the task; adapter and pooling come from the folder.
            let study = String(decoding: try scene.read("study.yaml"), as: UTF8.self)
            let lines = study.components(separatedBy: "\n")
            let second = try #require(lines.firstIndex { $0.contains("name: alike") })
            try scene.write(
                "one.yaml",
                (lines[..<second] + ["head: { pooling: mean }", "maximumTokens: 24"]).joined(separator: "\n"))
            _ = try await succeed([
                "import", scene.path("out"), scene.path("one.yaml"), "-o", scene.path("back"),
            ])
            try scene.write("texts", "red dog\nthe cat\ncloud over stone\n")
            var answers: [String] = []
            for run in ["run", "back"] {
                answers.append(
                    try await succeed([
                        "predict", scene.path(run), "--task", "colour", "--input", scene.path("texts"),
                        "--logits",
                    ]))
            }
            #expect(answers[0] == answers[1] && answers[0].split(separator: "\n").count == 3)
            let evaluated = try await succeed(["evaluate", scene.path("back")])
            #expect(evaluated.contains("colour\tdev\taccuracy\t"))
            // No training may overwrite the imported adapter.
            let adapter = try scene.read("back/adapters/colour/adapter_model.safetensors")
            for (arguments, words) in [
                (["train", "--resume"], "holds an imported adapter, which has no training to resume"),
                (["compare"], "holds an imported adapter, which has no results; score it"),
                (["verify", "--whole"], "holds an imported adapter, which has no training to verify; "),
            ] {
                let refused = try await EndToEnd.hadamesh(arguments + [scene.path("back")])
                #expect(refused.status == 2 && refused.errors.contains(words), "\(refused)")
            }
            // The folder does not tell where random factors began.
            let isRandom = !["layernorm", "ia3"].contains { written.adapter.contains($0) }
            let similarity = try await EndToEnd.hadamesh([
                "similarity", scene.path("run"), scene.path("back"),
            ])
            #expect(similarity.status == (isRandom ? 2 : 0), "\(similarity)")
            #expect(
                similarity.errors.contains("was imported, so the random values at which") == isRandom,
                "\(similarity)")
            #expect(try scene.read("back/adapters/colour/adapter_model.safetensors") == adapter)
            #expect(try await succeed(["inspect", scene.path("back")]).contains("imported"))
            #expect(try await succeed(["inspect", scene.path("out")]).contains("tensor count"))
        }

        @Test func aHeadThatTheClassDoesNotComputeIsSaidToBeBesideTheEncoder() async throws {
            let scene = try await finished("{method: hadamard}", pooling: "cls, dense: relu")
            let job = try await EndToEnd.hadamesh([
                "export", scene.path("run"), "--task", "colour", "--to", scene.path("out"),
            ])
            #expect(job.status == 0 && scene.exists("out/head.py") && scene.exists("out/3_Dense"), "\(job)")
            #expect(
                job.errors.contains(
                    "BertForSequenceClassification does not compute head: { pooling: cls, dense: relu }"),
                "\(job)")
        }

        @Test func averagedHeadsMakeARunOfOneHead() async throws {
            let scene = try await finished("{method: tiny-attention, heads: 3}", pooling: "mean")
            let printed = try await succeed([
                "export", scene.path("run"), "--average-heads", "--to", scene.path("one"),
            ])
            let lines = printed.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            #expect(lines.map(\.count) == [3, 3, 1], "\(printed)")
            #expect(lines.prefix(2).map(\.first) == ["colour", "alike"])
            let study = String(decoding: try scene.read("one/study.yaml"), as: UTF8.self)
            #expect(study.contains("heads: 1"), "\(study)")
            // The printed scores are those of `evaluate` for the two runs.
            for (run, column) in [("run", 1), ("one", 2)] {
                let scores = try await succeed(["evaluate", scene.path(run)]).split(separator: "\n")
                let colour = scores.filter { $0.hasPrefix("colour") }.compactMap {
                    Double($0.split(separator: "\t")[3])
                }
                let mean = colour.reduce(0, +) / Double(colour.count)
                #expect(lines[0][column] == String(format: "%.4f", mean))
            }
        }

        @Test func anImpossibleExportIsExplained() async throws {
            let scene = try await finished("{method: houlsby, bottleneck: 4}", pooling: "mean")
            let export = ["export", scene.path("run"), "--to", scene.path("out")]
            let cases: [([String], Int32, [String])] = [
                (
                    ["--task", "colour"], 2,
                    ["--format: houlsby can't be merged: ", "choose --format adapters"]
                ),
                (
                    ["--average-heads", "--base-model", "org/tiny"], 2,
                    ["--average-heads writes a run: leave out --format"]
                ),
                (["--task", "colour", "--base-model", ""], 2, ["--base-model is empty, expected a name"]),
                (["--task", "colour", "--format", "onnx"], 2, ["onnx", "merged", "peft", "adapters"]),
                (["--format", "merged"], 2, ["--task: the run has several tasks", "colour, alike"]),
                (["--task", "colours", "--format", "merged"], 2, ["did you mean 'colour'?"]),
                (
                    ["--task", "colour", "--format", "merged"], 2,
                    ["--format: houlsby can't be merged: ", "gelu", "predict and evaluate"]
                ),
                (
                    ["--task", "colour", "--format", "peft"], 2,
                    ["--format: PEFT has no houlsby", "lora, ia3", "choose --format adapters"]
                ),
                (
                    ["--task", "colour", "--format", "adapters"], 2,
                    ["adapter.norm: AdapterHub keeps the backbone's LayerNorms frozen", "norm: none"]
                ),
                (["--average-heads"], 2, ["--average-heads: the run's adapter is not a tiny-attention"]),
            ]
            for (arguments, code, says) in cases {
                let job = try await EndToEnd.hadamesh(export + arguments)
                #expect(job.status == code && job.output.isEmpty, "\(job)")
                for words in says {
                    #expect(job.failures.contains { $0.contains(words) }, "\(words): \(job)")
                }
                #expect(!scene.exists("out"))
            }
        }

        @Test func anImpossibleImportIsExplained() async throws {
            let scene = try await finished("{method: lora, rank: 2}")
            let golden = EndToEnd.package.appendingPathComponent("Tests/Golden/exchange/adapters-pfeiffer")
                .path
            let peft = EndToEnd.package.appendingPathComponent("Tests/Golden/exchange/peft-lora").path
            // PEFT, which would leave out this adapter's tensors, finds no method that it has.
            let own = String(
                decoding: try scene.read("run/adapters/colour/adapter_config.json"), as: UTF8.self)
            #expect(own.contains(#""format": "hadamesh""#) && own.contains(#""peft_type": "none: "#))
            let one = [
                "--set",
                "tasks=[{name: colour, train: colour-train.tsv, dev: colour-dev.tsv, labels: [cold, warm]}]",
            ]
            let back = ["--output", scene.path("back")]
            let cases: [([String], Int32, [String])] = [
                (
                    [golden, scene.study] + back, 2,
                    ["study.yaml: tasks: names 2 tasks", "--task chooses one: colour, alike"]
                ),
                (
                    [golden, scene.study, "--task", "color"] + back, 2,
                    ["--task: ", "has no task 'color'", "did you mean 'colour'?"]
                ),
                (
                    [golden, scene.study, "--output", scene.path("run")] + one, 2,
                    ["run: already exists", "choose another folder"]
                ),
                (
                    [scene.path("run/adapters/colour"), scene.study] + back + one, 2,
                    ["adapter_config.json: is an adapter of a Hadamesh run already"]
                ),
                (
                    [peft, scene.study] + back + one, 2,
                    ["--labels: does not name the rows of its head", "give cold,warm in the order"]
                ),
                (
                    [peft, scene.study, "--labels", "cold,hot"] + back + one, 2,
                    ["--labels: names cold, hot, the task's labels are cold, warm"]
                ),
                ([scene.path("nothere"), scene.study] + back + one, 3, ["nothere"]),
            ]
            for (arguments, code, says) in cases {
                let job = try await EndToEnd.hadamesh(["import"] + arguments)
                #expect(job.status == code && job.failures.count == 1 && job.output.isEmpty, "\(job)")
                for words in says { #expect(job.failures.first?.contains(words) == true, "\(words): \(job)") }
                #expect(!scene.exists("back"))
            }
            _ = try await succeed(["import", peft, scene.study, "--labels", "warm,cold"] + back + one)
            _ = try await succeed([
                "import", peft, scene.study, "--task", "colour", "--labels", "warm,cold", "--output",
                scene.path("chosen"),
            ])
            let adapters = try ["back", "chosen"].map {
                try scene.read("\($0)/adapters/colour/adapter_model.safetensors")
            }
            #expect(adapters[0] == adapters[1])
        }
    }
}
