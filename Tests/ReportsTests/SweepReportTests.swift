import Formats
import Foundation
import Reports
import Runs
import TestSupport
import Testing

@Suite("The page on a sweep")
struct SweepReportTests {
    let runs: RunFolder

    init() throws { runs = try RunFolder() }

    /// A sweep of methods with long names and near scores, each repeated with two seeds.
    private func sweep(_ methods: [String]) throws -> String {
        for (number, method) in methods.enumerated() {
            for seed in [11, 12] {
                let path = try runs.run(
                    "methods/then/\(method)/seed-\(seed)",
                    runs.results([("rte", 0.5 + 0.001 * Double(number))], adapters: number * number),
                    study: method, seed: seed)
                let events = [(20, 0.297), (40, 0.48 + 0.001 * Double(seed))].map { step, mean in
                    "{\"time\":\(step),\"kind\":\"evaluated\",\"stage\":\"adapter\",\"step\":\(step),\"tasks\":{},\"mean\":\(mean)}\n"
                }
                try runs.write(events.joined(), to: "\(path)/journal.jsonl")
            }
        }
        try runs.write("base: base.yaml\n", to: runs.path("methods/sweep.yaml"))
        let trials = methods.indices.map { index in
            SweepResults.TrialResult(
                trial: index + 1, parameters: NamedValues([("adapter.method", "method \(index)")]),
                state: .finished, score: 0.25, scores: [0.25], steps: nil, failure: nil, runs: [])
        }
        let directory = SweepDirectory(path: runs.path("methods"))
        try SweepResults(
            score: "mean", on: "heldOut", trials: trials, ranking: trials.map(\.trial), then: []
        ).write(to: directory)
        return directory.path
    }

    @Test("It has all trials, and an entry of several seeds once")
    func trials() throws {
        let methods = ["hadamard", "lora"]
        let page = try RunReport(RunSearch([sweep(methods)])).page()
        for text in ["<h1>Sweep methods</h1>", "Trials of methods", "<td>method 1</td>", "held-out mean"]
        where !page.contains(text) { Issue.record("no \(text) in the page") }
        let shared = try #require(page.components(separatedBy: "<h2>Runs</h2>").first)
        #expect(!shared.contains("study.seed"), "the entries' seeds are not settings that differ")
        let curves = page.matches(of: /<path [^>]*stroke-linecap="round"/)
        #expect(curves.count == methods.count, "a curve for each method, not for each run")
    }

    @Test("Names in charts do not overlap")
    func distinctNames() throws {
        let methods = (1...9).map { "00\($0)-a-method-with-settings-1e-2-\($0)" }
        let page = try RunReport(RunSearch([sweep(methods)])).page()
        let drawings = page.matches(of: /<svg.*?<\/svg>/.dotMatchesNewlines()).map { String($0.0) }
        #expect(drawings.count >= 2)
        for drawing in drawings {
            let boxes = drawing.matches(of: /<text ([^>]*)>(00[^<]*)<\/text>/).map { Box($0.1, $0.2) }
            #expect(boxes.count == methods.count)
            for (index, box) in boxes.enumerated() {
                for other in boxes[..<index] { #expect(!box.overlaps(other), "\(box) and \(other)") }
            }
        }
    }

    /// The place of a name in a drawing.
    private struct Box {
        let left, right, y: Double

        init(_ attributes: Substring, _ name: Substring) {
            func number(_ pattern: Regex<(Substring, Substring)>) -> Double {
                attributes.firstMatch(of: pattern).flatMap { Double($0.1) } ?? .nan
            }
            let (x, length) = (number(/\bx="([-0-9.]+)"/), 7 * Double(name.count))
            left = attributes.contains("\"end\"") ? x - length : x
            right = left + length
            y = number(/\by="([-0-9.]+)"/)
        }

        func overlaps(_ other: Box) -> Bool {
            left < other.right && other.left < right && abs(y - other.y) < 13.5
        }
    }

    @Test("Ticks are round numbers at equal distances")
    func ticks() throws {
        let page = try RunReport(RunSearch([sweep(["hadamard", "lora"])])).page()
        for tick in ["0.28", "0.30", "0.32", "0.50"] {
            #expect(page.contains(">\(tick)</text>"), "\(tick)")
        }
        #expect(!page.contains(">0.33</text>"))
    }
}
