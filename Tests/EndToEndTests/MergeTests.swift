import Formats
import Foundation
import Testing

extension EndToEnd {
    /// Adapters of a run, or of several, merged to one.
    @Suite struct MergeTests {
        private static let privately = "sharing={ weight: private, bias: private, norm: private }"

        /// A scene whose run `run` has an adapter for each task, and whose run `joint` has one for both.
        private func scene() async throws -> Scene {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            for (run, sharing) in [("run", Self.privately), ("joint", "sharing={}")] {
                _ = try await succeed(
                    ["train", scene.study, "--output", scene.path(run), "--set", sharing])
            }
            return scene
        }

        private func succeed(ranks: Int? = nil, _ arguments: [String]) async throws -> [String] {
            let job = try await EndToEnd.hadamesh(ranks: ranks, arguments)
            try #require(job.status == 0, "\(arguments): \(job)")
            return job.output.split(separator: "\n").map(String.init)
        }

        @Test func oneRunsAdaptersBecomeOneOnAnyNumberOfRanks() async throws {
            let scene = try await scene()
            var outputs: [[String]] = []
            for (index, ranks) in [nil, 1, 3].enumerated() {
                let output = scene.path("merged-\(index)")
                let lines = try await succeed(
                    ranks: ranks,
                    [
                        "merge", scene.path("run"), "--rule", "dare", "--seed", "7", "--joint",
                        scene.path("joint"), "--output", output,
                    ])
                #expect(lines.last == "wrote \(output)")
                outputs.append(lines.dropLast())
                #expect(try scene.adapters("merged-\(index)") == scene.adapters("merged-0"))
                for file in ["results.json", "manifest.json", "study.yaml"] {
                    #expect(
                        try scene.read("merged-\(index)/\(file)") == scene.read("merged-0/\(file)"), "\(file)"
                    )
                }
            }
            #expect(Set(outputs).count == 1)
            let verified = try await EndToEnd.hadamesh(["verify", scene.path("merged-0"), "--whole"])
            #expect(
                verified.status == 2
                    && verified.errors.contains("holds a merged adapter, which has no training to verify; "),
                "\(verified)")
            let table = outputs[0].map { $0.split(separator: " ").map(String.init) }
            #expect(table[0] == ["task", "own", "dare", scene.path("joint")])
            #expect(table.map { $0[0] } == ["task", "colour", "alike", "mean", "parameters,"])
            let counts = table[4].suffix(3).compactMap { Int($0) }
            #expect(counts.count == 3 && counts[0] == 2 * counts[1] && counts[1] == counts[2], "\(table)")
            // The table's scores are those of evaluate.
            for (run, column) in [("run", 1), ("merged-0", 2), ("joint", 3)] {
                let lines = try await succeed(ranks: 2, ["evaluate", scene.path(run)])
                    .map { $0.split(separator: "\t").map(String.init) }
                for row in table[1...2] {
                    let values = lines.filter { $0[0] == row[0] }.compactMap { Double($0[3]) }
                    let mean = values.reduce(0, +) / Double(values.count)
                    #expect(row[column] == String(format: "%.4f", mean), "\(run) \(row) \(values)")
                }
            }
        }

        /// The start of a Hadamard adapter's tensor: w = 1, b = 0, and the backbone's norms.
        private func start(of name: String, count: Int) throws -> [Float] {
            if name.hasSuffix("hadamard.weight") { return [Float](repeating: 1, count: count) }
            if name.hasSuffix("hadamard.bias") { return [Float](repeating: 0, count: count) }
            let file = Scene.encoder.appendingPathComponent("model.safetensors")
            let backbone = try SafetensorsFile(path: file.path)
            let norm = "attention.output.LayerNorm"
            return try backbone.floats("encoder.\(name.replacing("attention.norm", with: norm))")
        }

        @Test func theMergedAdapterIsTheStartPlusTheMeanOffset() async throws {
            try await merges("average") { a, b, _ in (3 * a + b) / 4 }
        }

        @Test func theOffsetsOfTheSumAreFromTheStart() async throws {
            try await merges("arithmetic") { a, b, start in start + 3 * (a - start) + (b - start) }
        }

        /// Merges two tasks' adapters with the weights 3 and 1, and checks every number.
        private func merges(_ rule: String, _ expected: (Double, Double, Double) -> Double) async throws {
            let scene = try await scene()
            _ = try await succeed([
                "merge", scene.path("run"), "--rule", rule, "--weights", "3,1", "--output",
                scene.path("merged"),
            ])
            func file(_ run: String, _ task: String) throws -> SafetensorsFile {
                try SafetensorsFile(path: scene.path("\(run)/adapters/\(task)/adapter_model.safetensors"))
            }
            let files = try ["colour", "alike"].map { try (own: file("run", $0), merged: file("merged", $0)) }
            for name in files[0].own.names {
                let (a, b) = try (files[0].own.floats(name), files[1].own.floats(name))
                for (own, merged) in files where name.hasPrefix("head.") {
                    #expect(try own.floats(name) == merged.floats(name), "\(name)")
                }
                if name.hasPrefix("head.") { continue }
                let merged = try files[0].merged.floats(name)
                #expect(try merged == files[1].merged.floats(name), "\(name) is not shared")
                let start = try start(of: name, count: a.count)
                for (((x, y), s), z) in zip(zip(zip(a, b), start), merged) {
                    #expect(abs(Double(z) - expected(Double(x), Double(y), Double(s))) < 1e-6, "\(name)")
                }
            }
        }

        /// The study's tasks share all but the biases of the last layer.
        @Test func aTensorThatTasksShareIsKept() async throws {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            _ = try await succeed(scene.training)
            _ = try await succeed([
                "merge", scene.path("run"), "--rule", "arithmetic", "--output", scene.path("merged"),
            ])
            func adapter(_ run: String, _ task: String) throws -> SafetensorsFile {
                try SafetensorsFile(path: scene.path("\(run)/adapters/\(task)/adapter_model.safetensors"))
            }
            let (a, b) = try (adapter("run", "colour"), adapter("run", "alike"))
            let merged = try adapter("merged", "alike")
            for name in a.names where !name.hasPrefix("head.") {
                let (x, y, z) = try (a.floats(name), b.floats(name), merged.floats(name))
                if x == y {
                    #expect(z == x, "\(name)")
                } else {
                    #expect(name == "layer.2.hadamard.bias")
                    #expect(zip(zip(x, y), z).allSatisfy { abs($0.0 + $0.1 - $1) < 1e-6 })
                }
            }
        }

        @Test func runsOfOneTaskEachAreMergedAndTheResultIsAnOrdinaryRun() async throws {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            // The start of a Hadamard adapter does not depend on the seed.
            for (index, (run, task)) in [("one", "colour"), ("two", "alike")].enumerated() {
                _ = try await succeed([
                    "train", try scene.study(ofTask: index), "--output", scene.path(run), "--set",
                    "seed=\(index)",
                    "--set", "sampler={ name: weighted, weights: { \(task): 1 } }",
                ])
            }
            let merged = scene.path("merged")
            _ = try await succeed([
                "merge", scene.path("one"), scene.path("two"), "--rule", "ties", "--density", "0.6",
                "--output",
                merged,
            ])
            _ = try await succeed(["evaluate", merged])
            let inspected = try await succeed(["inspect", merged]).map {
                $0.split(separator: " ").joined(separator: " ")
            }
            for line in [
                "state merged", "rule ties", "density 0.6", "task run weight",
                "backbone \(Scene.encoder.path)", "colour \(scene.path("one")) 1",
                "alike \(scene.path("two")) 1",
            ] {
                #expect(inspected.contains(line), "\(line) in \(inspected)")
            }
            let compared = try await succeed(["compare", scene.path("one"), merged])
            #expect(compared.contains { $0.contains("hadamard (merged: ties)") }, "\(compared)")
            try scene.write("texts", "red dog\nblue cat\n")
            let labels = try await succeed([
                "predict", merged, "--task", "colour", "--input", scene.path("texts"),
            ])
            #expect(labels.count == 2)
            _ = try await succeed([
                "export", merged, "--task", "colour", "--format", "merged", "--to", scene.path("model"),
            ])
            _ = try await succeed(["similarity", scene.path("one"), merged])
            let resumed = try await EndToEnd.hadamesh(["train", "--resume", merged])
            #expect(resumed.status == 2, "\(resumed)")
            #expect(resumed.errors.contains("holds a merged adapter, which has no training to resume"))
        }

        @Test func factorsAreMergedOneByOneAndTheUserIsTold() async throws {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 4", in: "study.yaml")
            _ = try await succeed([
                "train", scene.study, "--output", scene.path("run"), "--set", "adapter=lora", "--set",
                Self.privately,
            ])
            let job = try await EndToEnd.hadamesh([
                "merge", scene.path("run"), "--rule", "arithmetic", "--weights", "0.5", "--output",
                scene.path("merged"),
            ])
            #expect(job.status == 0, "\(job)")
            #expect(job.errors.contains("the product of merged matrices is not the merged product"), "\(job)")
        }
    }
}
