import Encoders
import Formats
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The commands on a finished run and on its inputs.
    @Suite struct CommandTests {
        /// A scene with a finished run, and its `results.json`.
        private func finished() async throws -> (scene: Scene, results: JSONValue) {
            let scene = try Scene()
            let job = try await EndToEnd.hadamesh(scene.training)
            try #require(job.status == 0, "\(job)")
            return (scene, try JSONValue(parsing: try scene.read("run/results.json"), at: "results.json"))
        }

        private func kept(_ results: JSONValue, _ task: String) -> JSONValue? {
            results["stages"]?.array?.last?["tasks"]?[task]
        }

        private func succeed(
            ranks: Int? = nil, _ arguments: [String], input: String? = nil
        ) async throws -> [String] {
            let job = try await EndToEnd.hadamesh(
                ranks: ranks, arguments, redirection: input.map { "<'\($0)'" } ?? "")
            try #require(job.status == 0, "\(arguments): \(job)")
            return job.output.split(separator: "\n").map(String.init)
        }

        @Test func evaluateGivesTheKeptScoresOnAnyNumberOfRanks() async throws {
            let (scene, results) = try await finished()
            var expected: Set<String> = []
            for task in ["colour", "alike"] {
                for (metric, value) in kept(results, task)?["splits"]?["dev"]?.object ?? [] {
                    expected.insert("\(task)\tdev\t\(metric)\t\(value.double ?? .nan)")
                }
            }
            #expect(expected.count == 4)
            for ranks in [nil, 2, 3] {
                let lines = try await succeed(ranks: ranks, ["evaluate", scene.path("run")])
                #expect(Set(lines) == expected && lines.count == 4)
            }
            let trained = try await succeed(["evaluate", scene.path("run"), "--split", "train"])
            #expect(trained.count == 4 && trained.allSatisfy { $0.contains("\ttrain\t") })
        }

        @Test func scoringOtherDataNeedsNoTrainingSplit() async throws {
            let (scene, _) = try await finished()
            let evaluate = ["evaluate", scene.path("run")]
            let expected = try await succeed(evaluate)
            let elsewhere = try TemporaryFolder()
            for task in ["colour", "alike"] {
                try elsewhere.write(scene.read("\(task)-dev.tsv"), to: "\(task)-dev.tsv")
                try FileManager.default.removeItem(atPath: scene.path("\(task)-train.tsv"))
            }
            for ranks in [nil, 2] {
                for options in [["--split", "dev"], ["--data", elsewhere.path]] {
                    #expect(try await succeed(ranks: ranks, evaluate + options) == expected)
                }
            }
            // Its own data is compared whole.
            let own = try await EndToEnd.hadamesh(evaluate)
            #expect(own.status == 3 && own.failures.first?.contains("colour-train.tsv") == true, "\(own)")
        }

        @Test func aRunIsOfUseWhereBackboneAndDataHaveMoved() async throws {
            let (scene, _) = try await finished()
            let here = try await succeed(["evaluate", scene.path("run")])
            let elsewhere = try Scene()
            try elsewhere.copyEncoder()
            try FileManager.default.moveItem(atPath: scene.path("run"), toPath: elsewhere.path("moved"))
            try FileManager.default.removeItem(atPath: scene.path("colour-dev.tsv"))
            let there = try await succeed([
                "evaluate", elsewhere.path("moved"), "--backbone", elsewhere.path("backbone"), "--data",
                elsewhere.folder.path,
            ])
            #expect(here == there)
        }

        @Test func rulesListsEveryRuleAndWeighting() async throws {
            let lines = try await succeed(["rules"])
            let titles = ["rules:", "weightings:", "samplers:", "merge rules:"]
            #expect(lines.filter { titles.contains($0) } == titles)
            for name in ["sum", "pcgrad", "balanced", "famo", "given"] { #expect(lines.contains(name)) }
            let rate = try await succeed(["rules", "rate"])
            #expect(
                rate.contains("rate") && rate.contains { $0.hasPrefix("  temperature") && $0.contains(" 2 ") }
            )
        }

        @Test func predictAnswersAsTheRunWasScored() async throws {
            let (scene, results) = try await finished()
            let rows = String(decoding: try scene.read("colour-dev.tsv"), as: UTF8.self)
                .split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
            try scene.write("texts", rows.map { $0[0] + "\n" }.joined())
            let predict = ["predict", scene.path("run"), "--task", "colour", "--input"]
            let labels = try await succeed(predict + [scene.path("texts")])
            #expect(labels.count == rows.count)
            let right = zip(labels, rows).count { $0 == $1[1] }
            #expect(
                Double(right) / Double(rows.count)
                    == kept(results, "colour")?["splits"]?["dev"]?["accuracy"]?.double)

            let piped = try await succeed(predict + ["-"], input: scene.path("texts"))
            #expect(piped == labels)
            let logits = try await succeed(predict + [scene.path("texts"), "--logits"])
                .map { $0.split(separator: "\t").compactMap { Float($0) } }
            #expect(logits.allSatisfy { $0.count == 2 })
            #expect(logits.map { $0[1] > $0[0] ? "warm" : "cold" } == labels)
            let onThree = try await succeed(ranks: 3, predict + [scene.path("texts")])
            #expect(onThree == labels)
        }

        @Test func predictReadsTheRunsOwnData() async throws {
            let (scene, _) = try await finished()
            let predict = ["predict", scene.path("run"), "--task", "colour"]
            let split = try await succeed(predict + ["--split", "dev"])
            let table = ["--input", scene.path("colour-dev.tsv"), "--columns", "text"]
            #expect(try await succeed(predict + table) == split)
            let json = try await succeed(
                ranks: 2, predict + ["--split", "dev", "--format", "json", "--probabilities"])
            let objects = try json.map { try JSONValue(parsing: Data($0.utf8), at: "line") }
            #expect(objects.map { $0["prediction"]?.string } == split)
            for object in objects {
                let cold = try #require(object["probabilities"]?["cold"]?.double)
                let warm = try #require(object["probabilities"]?["warm"]?.double)
                #expect(abs(cold + warm - 1) < 1e-6)
                #expect(object["prediction"]?.string == (warm > cold ? "warm" : "cold"))
            }
            let tsv = try await succeed(predict + ["--split", "dev", "--format", "tsv"])
            #expect(tsv.first == "index\ttext\tprediction")
            #expect(tsv.dropFirst().map { $0.split(separator: "\t").last.map(String.init) } == split)
            let elsewhere = try Scene()
            try elsewhere.write("colour-dev.tsv", "text\tlabel\nred dog\tcold\n")
            let moved = try await succeed(
                predict + ["--split", "dev", "--data", elsewhere.folder.path, "--format", "tsv"])
            #expect(moved.count == 2 && moved[1].hasPrefix("0\tred dog\t"))
        }

        @Test func predictTakesPairs() async throws {
            let (scene, _) = try await finished()
            try scene.write("pairs", "red dog\tdog\nblue cat\ta river\n")
            let predict = ["predict", scene.path("run"), "--task", "alike", "--input", scene.path("pairs")]
            let values = try await succeed(predict)
            let logits = try await succeed(predict + ["--logits"]).compactMap { Double($0) }
            #expect(logits.count == 2 && logits[0] != logits[1])
            // The logit is the value before it is clipped to the range and rounded to three decimals.
            for (value, logit) in zip(values, logits) {
                let found = try #require(Double(value))
                #expect(abs(found - min(5, max(0, logit))) <= 0.0005, "\(values), \(logits)")
            }
            #expect(values.count == 2)
        }

        @Test func compareShowsStudiesSideBySideOverTheirSeeds() async throws {
            let (scene, results) = try await finished()
            var scores = [try #require(kept(results, "colour")?["score"]?.double)]
            let changes = [
                ("again", "seed=7"), ("other", "adapter={method: hadamard, site: projection}"),
            ]
            for (name, setting) in changes {
                _ = try await succeed(scene.training.dropLast() + [scene.path(name), "--set", setting])
                let own = try JSONValue(parsing: try scene.read("\(name)/results.json"), at: name)
                scores.append(try #require(kept(own, "colour")?["score"]?.double))
            }
            let table = try await succeed(["compare"] + ["run", "again", "other"].map(scene.path))
            func cells(_ name: String) -> [String]? {
                table.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ").map(
                    String.init)
            }
            #expect(cells("      ") == ["run+again", "other"])
            #expect(cells("method") == ["hadamard", "site=heads", "hadamard", "site=projection"])
            #expect(cells("seeds") == ["2", "1"])
            func text(_ value: Double) -> String { String(format: "%.4f", value) }
            // The interval of two values is their distance, times half of Student's t with one degree.
            #expect(
                cells("colour") == [
                    text((scores[0] + scores[1]) / 2), "±",
                    text(abs(scores[0] - scores[1]) * 12.706205 / 2), text(scores[2]),
                ])
            let size = try scene.read("run/adapters/colour/adapter_model.safetensors").count
            #expect(table.contains { $0.hasPrefix("The same for all") }, "\(table)")
            let notes = table.joined(separator: " ")
            for note in ["adapter file, bytes \(size)", "scored on dev", "Bytes per step: the most"]
            where !notes.contains(note) { Issue.record("\(note) in \(notes)") }
            for name in ["alike", "mean"] {
                #expect(cells(name)?.contains("–") == false, "\(name)")
            }
            let below = try await succeed(["compare", scene.folder.path, "--all", "--metrics"])
            for name in ["colour accuracy ", "alike pearson ", "alike spearman ", "bytes per step "] {
                #expect(below.contains { $0.hasPrefix(name) }, "\(name) in \(below)")
            }
            let json = try await succeed(["compare", scene.path("other"), "--format", "json"])
            let group = try JSONValue(parsing: Data(json.joined().utf8), at: "table")["groups"]?[0]
            #expect(group?["scores"]?["colour"]?["mean"]?.double == scores[2])
        }

        @Test func similarityIsThatOfTheTrainedTensors() async throws {
            let (scene, _) = try await finished()
            _ = try await succeed(scene.training.dropLast() + [scene.path("other"), "--set", "seed=7"])
            let backbone = try SafetensorsFile(
                path: Scene.encoder.appendingPathComponent("model.safetensors").path)
            func changes(_ adapter: String, _ name: String) throws -> [Double] {
                let file = try SafetensorsFile(path: scene.path("\(adapter)/adapter_model.safetensors"))
                let starts: [String: [Float]] = [
                    "hadamard.weight": [Float](repeating: 1, count: 24),
                    "hadamard.bias": [Float](repeating: 0, count: 24),
                    "attention.norm.bias": try backbone.floats(
                        try #require(
                            backbone.names.first {
                                $0.hasSuffix("layer.2.attention.output.LayerNorm.bias")
                            })),
                ]
                return zip(try file.floats("layer.2.\(name)"), starts[name] ?? []).map { Double($0 - $1) }
            }
            func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

            let one = try await succeed(["similarity", scene.path("run")])
            let cells = one.map { $0.split(separator: " ").map(String.init) }
            #expect(cells[1] == ["tensor", "layer", "colour×alike"])
            #expect(cells.contains(["hadamard.weight", "2", "shared"]))
            #expect(cells.contains(["hadamard.bias", "0", "shared"]))
            let u = try changes("run/adapters/colour", "hadamard.bias")
            let v = try changes("run/adapters/alike", "hadamard.bias")
            let cosine = product(u, v) / (product(u, u) * product(v, v)).squareRoot()
            #expect(cells.contains(["hadamard.bias", "2", String(format: "%.4f", cosine)]), "\(one)")

            let two = try await succeed(
                ["similarity"] + ["run", "other"].map(scene.path) + ["--format", "json"])
            let report = try JSONValue(parsing: Data(two.joined().utf8), at: "report")
            #expect(report["members"] == ["colour@run", "alike@run", "colour@other", "alike@other"])
            for name in ["hadamard.weight", "hadamard.bias", "attention.norm.bias"] {
                let row = report["tensors"]?.array?.first {
                    $0["tensor"]?.string == name && $0["layer"]?.int == 2
                }
                let u = try changes("run/adapters/colour", name)
                let v = try changes("other/adapters/colour", name)
                // The second of six pairs.
                let found = try #require(row?["cosines"]?[1]?.double, "\(name)")
                #expect(abs(found - product(u, v) / (product(u, u) * product(v, v)).squareRoot()) < 1e-9)
                let norm = try #require(row?["norms"]?[2]?.double)
                #expect(abs(norm - product(v, v).squareRoot()) < 1e-9)
            }
        }

        @Test func inspectDescribesFilesAndFolders() async throws {
            let (scene, _) = try await finished()
            let adapter = "run/adapters/colour"
            let steps = try FileManager.default.contentsOfDirectory(atPath: scene.path("run/checkpoints"))
            let checkpoint = "run/checkpoints/\(try #require(steps.first))"
            let cases: [(path: String, kind: String, lines: [String])] = [
                (
                    Scene.encoder.path, "backbone",
                    ["layers 3", "width 24", "parameters 16344", "tokens 60", "pooler true"]
                ),
                (
                    TinyModel.directory(of: .electra), "backbone",
                    ["family electra", "embedding width 16", "activation gelu", "pooler false"]
                ),
                (
                    scene.path("run"), "run",
                    ["state finished", "task head adapter", "task split metric value"]
                ),
                (scene.path("run/checkpoints"), "checkpoints", ["checkpoint bytes"]),
                (scene.path(checkpoint), "checkpoint", ["task last score best score of step"]),
                (
                    scene.path("\(checkpoint)/state.safetensors"), "safetensors file", ["tensor type shape"]
                ),
                (
                    scene.path(adapter), "adapter",
                    ["task colour", "tensor type shape owner", "head.bias F32 2 task:colour"]
                ),
                (
                    scene.path("\(adapter)/adapter_model.safetensors"), "safetensors file",
                    ["head.bias F32 2", "head.weight F32 2×24"]
                ),
            ]
            for (path, kind, lines) in cases {
                let text = try await succeed(["inspect", path]).map {
                    $0.split(separator: " ").joined(separator: " ")
                }
                for line in ["kind \(kind)"] + lines { #expect(text.contains(line), "\(line) in \(text)") }
                let json = try await succeed(["inspect", path, "--format", "json"]).joined()
                let parsed = try JSONValue(parsing: Data(json.utf8), at: path)
                #expect(parsed["kind"]?.string == kind, "\(json)")
            }
        }

        @Test func tokenizeGivesIds() async throws {
            let scene = try Scene()
            try scene.write("lines", "red dog\tcat\n\nThe HAPPY dog!\n")
            let tokenize = ["tokenize", "--backbone", Scene.encoder.path]
            let lines = try await EndToEnd.hadamesh(tokenize, redirection: "<'\(scene.path("lines"))'")
            #expect(lines.output == "2 7 11 10 3\n2 3\n2 6 32 11 52 3\n", "\(lines)")
            try scene.write("pairs", "red dog\tcat\n")
            let pairs = try await EndToEnd.hadamesh(
                tokenize + ["--pairs", "--maximum-tokens", "5"], redirection: "<'\(scene.path("pairs"))'")
            #expect(pairs.output == "2 7 3 10 3\n", "\(pairs)")
        }

        @Test(arguments: [nil, 2]) func doctorDescribesTheEnvironmentOfARun(ranks: Int?) async throws {
            let scene = try Scene()
            let bare = try await succeed(ranks: ranks, ["doctor"]).joined(separator: "\n")
            // As inspect names them: the kernels' class.
            #expect(bare.contains(" kernels, as inspect names them"))
            for word in ["MPI ", "BLAS ", "rank \((ranks ?? 1) - 1) "] {
                #expect(bare.contains(word), "\(bare)")
            }
            let study = try await succeed(ranks: ranks, ["doctor", scene.study]).joined(separator: "\n")
            #expect(study.contains("task      colour: train 60, dev 24"), "\(study)")
            #expect(study.contains("3 layers of 24"), "\(study)")
        }

        @Test(arguments: [nil, 2]) func benchMeasuresAStudy(ranks: Int?) async throws {
            let scene = try Scene()
            let few = ["bench", scene.study, "--steps", "3", "--repeats", "1"]
            let first = try await succeed(ranks: ranks, few + ["--json", scene.path("bench.json")])
            for words in [
                "product rate", "adapter stage, first epoch", "adapter stage, later epochs",
                "head stage, later epochs", "evaluation in the adapter stage", "attention backward",
            ] {
                #expect(first.contains { $0.contains(words) }, "\(words)")
            }
            let again = try await succeed(
                ranks: ranks,
                few + ["--compare", scene.path("bench.json"), "--network", "ethernet-10g"])
            #expect(again.contains { $0.hasPrefix("phase") && $0.hasSuffix("ratio") })
            #expect(again.contains { $0.contains("ethernet-10g") })
            #expect(!scene.exists("runs"), "nothing of the run is kept")
        }

        @Test func everySubcommandExplainsItsOptions() async throws {
            let options = [
                "train": ["study", "--output", "--set", "--resume", "--expect-ranks", "--quiet"],
                "sweep": ["sweep", "--output", "--set", "--resume", "--format", "--quiet"],
                "verify": ["run", "--whole", "--output", "--backbone", "--data", "--quiet"],
                "claims": ["folder", "--format"],
                "evaluate": ["directory", "--split", "--backbone", "--data"],
                "predict": [
                    "directory", "--task", "--input", "--input-format", "--columns", "--split", "--data",
                    "--format",
                    "--probabilities", "--logits", "--backbone",
                ],
                "submit": ["runs", "--output", "--data", "--backbone"],
                "explain": ["directory", "--task", "--input", "--split", "--html", "--backbone"],
                "export": [
                    "directory", "--task", "--to", "--format", "--encoder-only", "--average-heads",
                    "--backbone",
                    "--data",
                ],
                "import": ["folder", "study", "--output", "--set"],
                "methods": ["name", "--backbone", "--tokens"],
                "rules": ["name"],
                "bench": [
                    "study", "--set", "--quick", "--steps", "--repeats", "--json", "--compare", "--network",
                    "--ranks-per-node",
                ],
                "compare": [
                    "runs", "--format", "--sort", "--metrics", "--baseline", "--all", "--columns",
                ],
                "report": ["runs", "--output", "--baseline"],
                "similarity": ["runs", "--tensor", "--format", "--backbone"],
                "affinity": [
                    "runs", "--measure", "--groups", "--alone", "--format", "--write", "--check", "--steps",
                    "--output", "--backbone", "--data",
                ],
                "merge": [
                    "runs", "--rule", "--output", "--weights", "--density", "--seed", "--joint", "--data",
                    "--backbone",
                ],
                "inspect": ["path", "--format"],
                "tokenize": ["--backbone", "--pairs", "--maximum-tokens"],
                "doctor": ["study", "--set"],
            ]
            let overview = try await succeed(["--help"])
            let listed = overview.drop { $0 != "SUBCOMMANDS:" }.dropFirst().filter { $0.hasPrefix("  ") }
                .compactMap { line -> String? in
                    let isEntry = line.hasPrefix("  ") && !line.hasPrefix("   ") && !line.contains("See '")
                    return isEntry ? line.split(separator: " ").first.map(String.init) : nil
                }
            #expect(Set(listed) == Set(options.keys))
            for (subcommand, names) in options {
                let help = try await succeed(ranks: subcommand == "train" ? 2 : nil, [subcommand, "--help"])
                #expect(help.count { $0.hasPrefix("OVERVIEW:") } == 1, "told once")
                let explained = help.drop { $0 != "ARGUMENTS:" && $0 != "OPTIONS:" }
                for name in names {
                    #expect(
                        explained.contains { line in
                            line.split(whereSeparator: { " ,<>".contains($0) }).prefix(3).contains {
                                $0 == name
                            }
                        },
                        "\(subcommand) \(name)")
                }
            }
            for file in ["README.md", "cluster/README.md", "launch/local"] {
                let text = try String(
                    contentsOf: EndToEnd.package.appendingPathComponent(file), encoding: .utf8)
                let codes = overview.filter { $0.contains(/^ +\d+ +\w/) }
                #expect(codes.count == 6, "\(overview)")
                for code in codes {
                    #expect(text.contains("\(code.drop { $0 == " " })\n"), "\(file): \(code)")
                }
            }
            let version = try await succeed(["--version"])
            #expect(version.count == 1 && version[0].wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
        }
    }
}
