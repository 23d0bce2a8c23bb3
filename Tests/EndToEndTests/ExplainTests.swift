import Foundation
import Testing

extension EndToEnd {
    /// `hadamesh explain` on a run of AdapterBias.
    @Suite struct ExplainTests {
        private func finished(_ adapter: String) async throws -> Scene {
            let scene = try Scene()
            try scene.replace("steps: 40", by: "steps: 10", in: "study.yaml")
            let job = try await EndToEnd.hadamesh(scene.training + ["--set", "adapter=\(adapter)"])
            try #require(job.status == 0, "\(job)")
            return scene
        }

        @Test(arguments: [
            "{method: adapter-bias}", "[{method: adapter-bias, layers: 1-2}, {method: hadamard, norm: none}]",
        ])
        func everyTokenHasANumberForEachLayer(adapter: String) async throws {
            let scene = try await finished(adapter)
            let layers = adapter.hasPrefix("[") ? ["1", "2"] : ["0", "1", "2"]
            try scene.write("texts", "red dog\nthe <b> cat\n")
            let explain = ["explain", scene.path("run"), "--task", "colour"]
            let job = try await EndToEnd.hadamesh(
                explain + ["--input", scene.path("texts"), "--html", scene.path("page.html")])
            #expect(job.status == 0, "\(job)")
            let blocks = job.output.components(separatedBy: "\n\n")
            #expect(blocks.count == 2, "\(job)")
            let lines = try #require(blocks.first).components(separatedBy: "\n")
            let cells = lines.map { $0.split(separator: " ").map(String.init) }
            try #require(cells.count == 6, "\(lines)")
            #expect(lines[0] == "red dog")
            let headings: [String] = ["token"] + layers.flatMap { ["layer", $0] } + ["mean"]
            #expect(cells[1] == headings)
            let tokens: [String] = cells[2...].compactMap(\.first)
            #expect(tokens == ["[CLS]", "red", "dog", "[SEP]"])
            for row in cells[2...] {
                let numbers = row.dropFirst().compactMap(Double.init)
                #expect(numbers.count == layers.count + 1)
                let mean = numbers.dropLast().reduce(0, +) / Double(layers.count)
                #expect(abs(mean - (numbers.last ?? .nan)) < 1.1e-4, "\(row)")
            }
            let page = String(decoding: try scene.read("page.html"), as: UTF8.self)
            #expect(page.contains("<h2>the &lt;b&gt; cat</h2>") && page.contains(">dog</span>"))

            let piped = try await EndToEnd.hadamesh(explain, redirection: "<'\(scene.path("texts"))'")
            #expect(piped.output == job.output)
            let onThree = try await EndToEnd.hadamesh(
                ranks: 3, explain + ["--input", scene.path("texts")])
            #expect(onThree.output == job.output)

            try scene.write("pairs", "red dog\tcat\n")
            let pairs = try await EndToEnd.hadamesh([
                "explain", scene.path("run"), "--task", "alike", "--input", scene.path("pairs"),
            ])
            #expect(pairs.output.split(separator: "\n").count == 8, "\(pairs)")
        }

        @Test func badRequestsAreRefused() async throws {
            let scene = try await finished("{method: adapter-bias}")
            try scene.write("lines", "red dog\nred\tdog\n")
            try scene.write("line", "red dog\n")
            let run = ["explain", scene.path("run")]
            let cases: [([String], Int32, [String])] = [
                (["--task", "colours"], 2, ["unknown task 'colours'", "did you mean 'colour'?"]),
                (["--task", "colour"], 3, ["standard input: found no lines", "at least one"]),
                (["--task", "colour", "--input", "nothere"], 3, ["nothere: no readable file"]),
                (
                    ["--task", "colour", "--input", scene.path("lines")], 3,
                    ["lines:2: found 2 columns, expected 1"]
                ),
                (
                    ["--task", "alike", "--input", scene.path("lines")], 3,
                    ["lines:1: found 1 column, expected 2"]
                ),
                (
                    [
                        "--task", "colour", "--input", scene.path("line"), "--html",
                        scene.path("nothere/page.html"),
                    ], 3,
                    ["nothere/page.html: cannot write"]
                ),
            ]
            for (arguments, code, says) in cases {
                let job = try await EndToEnd.hadamesh(run + arguments, redirection: "</dev/null")
                #expect(job.status == code && job.failures.count == 1 && job.output.isEmpty, "\(job)")
                for words in says { #expect(job.failures.first?.contains(words) == true, "\(job)") }
            }
        }
    }
}
