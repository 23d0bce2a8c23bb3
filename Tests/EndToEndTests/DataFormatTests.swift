import Formats
import Foundation
import Testing

extension EndToEnd {
    /// Equal texts and labels in another format give the same result.
    @Suite struct DataFormatTests {
        private func rows(_ scene: Scene, _ name: String) throws -> [[String]] {
            String(decoding: try scene.read(name), as: UTF8.self).split(separator: "\n").map {
                $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            }
        }

        private func csv(_ rows: [[String]]) -> String {
            rows.map { $0.map { "\"\($0)\"" }.joined(separator: ",") + "\r\n" }.joined()
        }

        /// One object for each row, with columns named by `names` and the values as `value` writes them.
        private func lines(
            _ rows: [[String]], _ names: [String], value: (String, String) -> JSONValue = { .string($1) }
        ) -> String {
            rows.map { row in
                JSONValue.object(zip(names, row).map { ($0, value($0, $1)) }).encoded() + "\n"
            }.joined()
        }

        @Test func customTasksOfAllFormatsGiveTheSameBytes() async throws {
            let scene = try Scene()
            for name in ["colour-train", "colour-dev"] {
                try scene.write("\(name).csv", "\u{feff}" + csv(try rows(scene, "\(name).tsv")))
            }
            for name in ["alike-train", "alike-dev"] {
                let rows = try rows(scene, "\(name).tsv")
                // The score is a number, and the texts are the last keys.
                let objects = lines(rows.dropFirst().map { $0.reversed() }, rows[0].reversed()) {
                    name, text in
                    name == "score" ? .number(Double(text) ?? 0) : .string(text)
                }
                try scene.write(name, objects)
            }
            let changes = [
                "tasks.0.train=colour-train.csv", "tasks.0.dev=colour-dev.csv", "tasks.1.format=jsonl",
                "tasks.1.train=alike-train", "tasks.1.dev=alike-dev",
            ].flatMap { ["--set", $0] }
            for (run, settings) in [("tsv", []), ("others", changes)] {
                let job = try await EndToEnd.hadamesh(
                    ["train", scene.study, "--output", scene.path(run)] + settings)
                try #require(job.status == 0, "\(job)")
            }
            #expect(try scene.adapters("tsv") == scene.adapters("others"))

            let predict = ["predict", scene.path("others"), "--task"]
            let split = try await EndToEnd.hadamesh(predict + ["alike", "--split", "dev"])
            let input = try await EndToEnd.hadamesh(
                predict + ["alike", "--input", scene.path("alike-dev"), "--input-format", "jsonl"])
            #expect(input.status == 0 && input.output == split.output, "\(input)")
            let table = try await EndToEnd.hadamesh(
                predict + ["colour", "--input", scene.path("colour-dev.csv"), "--format", "tsv"])
            let dev = try await EndToEnd.hadamesh(predict + ["colour", "--split", "dev", "--format", "tsv"])
            #expect(table.status == 0 && table.output == dev.output, "\(table)")
        }

        @Test func theHubsLayoutOfGLUEGivesTheSameBytes() async throws {
            let scene = try Scene()
            let words = try rows(scene, "colour-train.tsv").dropFirst().prefix(24).map { $0[0] }
            let inference = ["entailment", "neutral", "contradiction"]
            // Texts and the hub's label of each example.
            let examples = words.indices.map { index in
                (first: words[index], second: words[(index * 7 + 3) % words.count], label: index % 3)
            }
            let scores = examples.map { Float($0.label) * 1.7 + 0.2 }
            for (own, hub) in [("train", "train"), ("dev", "validation")] {
                try scene.write(
                    "glue/CoLA/\(own).tsv",
                    examples.map { "x\t\($0.label % 2)\t\t\($0.first)\n" }.joined())
                try scene.write(
                    "hub/cola/\(hub).jsonl",
                    lines(
                        examples.map { [$0.first, "\($0.label % 2)"] }, ["sentence", "label"], value: number))
                try scene.write(
                    "glue/STS-B/\(own).tsv",
                    "index\tsentence1\tsentence2\tscore\n"
                        + zip(examples, scores).map { "0\t\($0.first)\t\($0.second)\t\($1)\n" }.joined())
                // As pandas writes a float32.
                try scene.write(
                    "hub/stsb/\(hub)-00000-of-00001.jsonl",
                    lines(
                        zip(examples, scores).map {
                            [$0.first, $0.second, String(format: "%.10f", Double($1))]
                        },
                        ["sentence1", "sentence2", "label"], value: number))
            }
            for (own, hub) in [
                ("train", "train"), ("dev_matched", "validation_matched"),
                ("dev_mismatched", "validation_mismatched"),
            ] {
                try scene.write(
                    "glue/MNLI/\(own).tsv",
                    "index\tsentence1\tsentence2\tgold_label\n"
                        + examples.map { "0\t\($0.first)\t\($0.second)\t\(inference[$0.label])\n" }.joined())
                try scene.write(
                    "hub/mnli/\(hub).jsonl",
                    lines(
                        examples.map { [$0.first, $0.second, "\($0.label)"] },
                        ["premise", "hypothesis", "label"], value: number))
            }
            let tasks = ["cola", "stsb", "mnli"]
            let settings = ["tasks=[cola, stsb, mnli]", "stages.head.steps=4", "stages.adapter.steps=8"]
                .flatMap { ["--set", $0] }
            var results: [[Data]] = []
            for layout in ["glue", "hub"] {
                let job = try await EndToEnd.hadamesh(
                    ["train", scene.study, "--output", scene.path("run-\(layout)"), "--set"]
                        + ["data=\(scene.path(layout))"] + settings)
                try #require(job.status == 0, "\(job)")
                results.append(
                    try tasks.map { try scene.read("run-\(layout)/adapters/\($0)/adapter_model.safetensors") }
                )
            }
            #expect(results[0] == results[1])
            // Both are the run's own data.
            let score = ["evaluate", scene.path("run-glue")]
            let own = try await EndToEnd.hadamesh(score)
            let moved = try await EndToEnd.hadamesh(score + ["--data", scene.path("hub")])
            #expect(own.status == 0 && own.output == moved.output, "\(moved)")
        }

        private func number(_ name: String, _ text: String) -> JSONValue {
            guard name == "label" else { return .string(text) }
            return Int(text).map { .integer($0) } ?? .number(Double(text) ?? .nan)
        }
    }
}
