import Formats
import Foundation
import Testing

extension EndToEnd {
    /// Groups of tasks, from finished runs.
    @Suite struct AffinityTests {
        private static let privately = "sharing={ weight: private, bias: private, norm: private }"

        /// A scene with a third task, and a run `run` with an adapter for each task.
        private func scene() async throws -> Scene {
            let scene = try Scene()
            try scene.replace(
                "sharing:",
                by: """
                      - name: warmth
                        train: colour-train.tsv
                        dev: colour-dev.tsv
                        labels: [cold, warm]
                        metrics: [accuracy]
                    sharing:
                    """, in: "study.yaml")
            try scene.replace("steps: 40", by: "steps: 12", in: "study.yaml")
            _ = try await succeed(scene.training + ["--set", Self.privately])
            return scene
        }

        private func succeed(ranks: Int? = nil, _ arguments: [String]) async throws -> [String] {
            let job = try await EndToEnd.hadamesh(ranks: ranks, arguments, environment: ["COLUMNS": "400"])
            try #require(job.status == 0, "\(arguments): \(job)")
            return job.output.split(separator: "\n").map(String.init)
        }

        @Test func theCosinesAreSimilaritysAndTheWrittenStudyIsRunnable() async throws {
            let scene = try await scene()
            let json = try await succeed([
                "affinity", scene.path("run"), "--measure", "adapters", "--format", "json", "--groups", "2",
                "--write", scene.path("groups.yaml"),
            ])
            let report = try JSONValue(parsing: Data(json.joined().utf8), at: "report")
            #expect(report["tasks"] == ["colour", "alike", "warmth"])
            let similarity = try JSONValue(
                parsing: Data(
                    try await succeed(["similarity", scene.path("run"), "--format", "json"]).joined().utf8),
                at: "similarity")
            // A tensor's cosine and norms give its part of the product; a layer has three tensors.
            let rows = (similarity["tensors"]?.array ?? []).filter { $0["layer"]?.int == 1 }
            var (product, own, other) = (0.0, 0.0, 0.0)
            for row in rows {
                let norms = (row["norms"]?.array ?? []).compactMap(\.double)
                product += (row["cosines"]?[0]?.double ?? 0) * norms[0] * norms[1]
                own += norms[0] * norms[0]
                other += norms[1] * norms[1]
            }
            let layer = report["parts"]?.array?.first { $0["name"]?.string == "layer.1" }
            let found = try #require(layer?["values"]?[0]?[1]?.double)
            #expect(!rows.isEmpty && abs(found - product / (own * other).squareRoot()) < 1e-9)
            #expect(layer?["values"]?[1]?[0]?.double == found && layer?["values"]?[0]?[0]?.isNull == true)

            let groups = report["groupings"]?[1]?["groups"]?.array ?? []
            let pair = groups.first { $0.array?.count == 2 }?.array ?? []
            let shared = pair.compactMap(\.string)
            try #require(shared.count == 2)
            let study = String(decoding: try scene.read("groups.yaml"), as: UTF8.self)
            #expect(study.contains("  groups:\n    \(shared.joined(separator: "+")):\n"), "\(study)")
            #expect(study.hasPrefix("# Groups proposed by hadamesh affinity --measure adapters of\n"))
            for key in ["weight", "bias", "norm"] {
                #expect(study.contains("  \(key): groups\n"), "\(study)")
            }
            _ = try await succeed([
                "train", scene.path("groups.yaml"), "--output", scene.path("grouped"), "--quiet",
            ])
            func adapter(_ task: String) throws -> [Float] {
                try SafetensorsFile(
                    path: scene.path("grouped/adapters/\(task)/adapter_model.safetensors")
                ).floats("layer.0.hadamard.weight")
            }
            let others = ["colour", "alike", "warmth"].filter { !shared.contains($0) }
            let configuration = String(
                decoding: try scene.read("grouped/adapters/\(shared[0])/adapter_config.json"), as: UTF8.self)
            #expect(configuration.contains("group:\(shared.joined(separator: "+"))"), "\(configuration)")
            #expect(try adapter(shared[0]) != adapter(others[0]))
        }

        @Test func theStudyIsOfTheRunsThatWereMeasuredAndItsHeadsAreItsOwn() async throws {
            let scene = try await scene()
            _ = try await succeed([
                "train", scene.study, "--output", scene.path("lora"), "--set", "adapter=lora", "--set",
                Self.privately,
            ])
            _ = try await succeed([
                "train", scene.study, "--output", scene.path("shared"), "--set",
                "sharing={ head: groups, groups: { twins: [colour, warmth] } }", "--set",
                "tasks.2.labels=[cold, warm]",
            ])
            let job = try await EndToEnd.hadamesh([
                "affinity", scene.path("lora"), scene.path("shared"), "--groups", "2", "--write",
                scene.path("groups.yaml"),
            ])
            #expect(job.status == 0 && job.errors.contains("lora has not measured gradients"), "\(job)")
            let study = String(decoding: try scene.read("groups.yaml"), as: UTF8.self)
            #expect(study.contains("method: hadamard") && study.contains("  head: private\n"), "\(study)")
            #expect(study.contains("#   \(scene.path("shared"))\n") && !study.contains("/lora"), "\(study)")
            // The same command goes on with its own file, and another's is left.
            let again = [
                "affinity", scene.path("lora"), scene.path("shared"), "--groups", "2", "--write",
                scene.path("groups.yaml"),
            ]
            _ = try await succeed(again)
            try scene.write("groups.yaml", "mine: true\n")
            let refused = try await EndToEnd.hadamesh(again)
            #expect(refused.status == 2 && refused.errors.contains("already exists"), "\(refused)")
        }

        @Test func groupingsAreCheckedOnAnyNumberOfRanks() async throws {
            let scene = try await scene()
            var outputs: [[String]] = []
            for (index, ranks) in [nil, 1, 3].enumerated() {
                let folder = scene.path("checks-\(index)")
                let command = [
                    "affinity", scene.path("run"), "--measure", "adapters", "--check", "2", "--steps", "4",
                    "--output", folder,
                ]
                outputs.append(
                    try await succeed(ranks: ranks, command).map {
                        $0.replacingOccurrences(of: folder, with: "checks")
                    })
                for run in ["best-1", "best-2", "worst-1", "worst-2"] {
                    #expect(
                        try scene.adapters("checks-\(index)/\(run)") == scene.adapters("checks-0/\(run)"))
                }
                // The runs are finished: the same command reads their results.
                let again = try await succeed(ranks: ranks, command)
                #expect(again.count == outputs[index].count)
            }
            let others = try await EndToEnd.hadamesh([
                "affinity", scene.path("run"), "--measure", "adapters", "--check", "2", "--steps", "5",
                "--output", scene.path("checks-0"),
            ])
            #expect(others.status == 2 && others.errors.contains("best-1: is a run of other"), "\(others)")
            #expect(Set(outputs).count == 1, "\(outputs)")
            let lines = outputs[0].map { $0.split(separator: " ").map(String.init) }
            let correlation = try #require(lines.first { $0.starts(with: ["rank", "correlation"]) }?.last)
            #expect(Double(correlation).map { (-1...1).contains($0) } == true || correlation == "–")
            // The result is the mean of evaluate's scores.
            let row = try #require(lines.first { $0.first == "checks/worst-1" })
            let scores = try await succeed(["evaluate", scene.path("checks-0/worst-1")])
                .map { $0.split(separator: "\t").map(String.init) }
            let means = ["colour", "alike", "warmth"].map { task in
                let values = scores.filter { $0[0] == task }.compactMap { Double($0[3]) }
                return values.reduce(0, +) / Double(values.count)
            }
            try #require(row.count > 3, "\(outputs[0])")
            #expect(row[3] == String(format: "%.4f", means.reduce(0, +) / 3), "\(row) \(means)")
        }

        @Test func aStoppedCheckNamesTheCommandThatContinuesIt() async throws {
            let scene = try await scene()
            let command = [
                "affinity", scene.path("run"), "--measure", "adapters", "--check", "1", "--steps", "1000000",
                "--output", scene.path("checks"),
            ]
            async let stopped = EndToEnd.hadamesh(ranks: 2, command)
            for _ in 0..<1000 where !scene.exists("checks/best-1/journal.jsonl") {
                try await Task.sleep(for: .milliseconds(20))
            }
            if let launcher = Ranks.launcher(with: scene.path("checks")) { kill(launcher, SIGUSR1) }
            let job = try await stopped
            let line = "resume with: \(EndToEnd.program) \(command.joined(separator: " "))\n"
            #expect(job.status == 75 && job.errors.contains(line), "\(job)")
        }

        @Test func aDivisionWithoutGroupsTrainsWithoutARule() async throws {
            let scene = try await scene()
            _ = try await succeed([
                "train", scene.study, "--output", scene.path("shared"), "--set", "sharing={}",
                "--set", "combination={ rule: pcgrad, weights: { colour: 2 } }",
                "--set", "optimizer.moments=perTask",
            ])
            let job = try await EndToEnd.hadamesh([
                "affinity", scene.path("shared"), "--groups", "3", "--write", scene.path("alone.yaml"),
            ])
            #expect(
                job.status == 0 && job.errors.contains("note: colour alike warmth: each task is alone"),
                "\(job)")
            _ = try await succeed([
                "train", scene.path("alone.yaml"), "--output", scene.path("alone"), "--quiet",
            ])
        }

        @Test func measuredGradientsAreReadFromTheResults() async throws {
            let scene = try await scene()
            _ = try await succeed([
                "train", scene.study, "--output", scene.path("shared"), "--set", "sharing={}",
            ])
            let results = try JSONValue(parsing: try scene.read("shared/results.json"), at: "results.json")
            let part = results["stages"]?.array?.last?["agreement"]?["whole"]?["parts"]?[0]
            for (measure, key) in [
                (nil, "affinity"), ("affinity", "affinity"), ("cosine", "cosine"),
            ] as [(String?, String)] {
                let lines = try await succeed(
                    ["affinity", scene.path("shared"), "--format", "json", "--alone", "-0.5"]
                        + (measure.map { ["--measure", $0] } ?? []))
                let report = try JSONValue(parsing: Data(lines.joined().utf8), at: "report")
                for i in 0..<3 {
                    for j in 0..<3 where i != j {
                        let found = report["parts"]?[0]?["values"]?[i]?[j]?.double
                        #expect(found != nil && found == part?[key]?[i]?[j]?.double, "\(key) \(i) \(j)")
                    }
                }
            }
            // All tasks have one adapter: there is nothing to compare, and a note says so.
            let job = try await EndToEnd.hadamesh([
                "affinity", scene.path("shared"), "--measure", "adapters",
            ])
            #expect(job.status == 0 && job.output.contains("colour"), "\(job)")
            #expect(job.errors.contains("note: no groups are proposed: colour and alike share"), "\(job)")
        }
    }
}
