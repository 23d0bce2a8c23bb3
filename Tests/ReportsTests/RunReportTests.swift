import Diagnostics
import Foundation
import Reports
import Runs
import Testing

@Suite("The page on finished runs")
struct RunReportTests {
    let runs: RunFolder

    init() throws { runs = try RunFolder() }

    /// A run with a journal of two steps and an evaluation, and a trace of two ranks.
    private func trained(_ name: String, score: Double, study: String? = nil, seed: Int = 1) throws -> String
    {
        let path = try runs.run(
            name, runs.results([("rte", score), ("cola", 0.5)]), study: study ?? name, seed: seed)
        let step = """
            "stage":"adapter","losses":{"rte":0.75,"cola":0.5},"gradientNorm":1.5,"tokens":100,"bytes":64,\
            "weights":{"all":{"rte":0.25,"cola":0.75}},"seconds":0.5,"secondsWaiting":0.125,"microBatches":[]
            """
        try runs.write(
            """
            {"time":1,"kind":"step","step":1,\(step)}
            {"time":2,"kind":"step","step":2,\(step)}
            {"time":3,"kind":"evaluated","stage":"adapter","step":2,"tasks":{"rte":{"score":0.5},"cola":{"score":0.25}},"mean":0.375}

            """, to: "\(path)/journal.jsonl")
        try runs.write(
            """
            [
            {"name":"process_name","ph":"M","pid":0,"tid":0,"args":{"name":"rank 0"}},
            {"name":"step","cat":"compute","ph":"X","ts":0.0,"dur":500000.0,"pid":0,"tid":0},
            {"name":"wait","cat":"wait","ph":"X","ts":500000.0,"dur":250000.0,"pid":1,"tid":0}
            ]

            """, to: "\(path)/timeline.json")
        return path
    }

    @Test("One run: curves, weights, time and ranks, each figure with its numbers")
    func oneRun() throws {
        let page = try RunReport([trained("a <run>", score: 0.75)]).page()
        for text in [
            "<title>Run a &lt;run&gt;</title>", "hadamard on rte, cola: mean 0.6250 on dev",
            "Loss before each update", "Scores at evaluations", "Weights of the combination rule",
            "Ranks over start 1", "<td>500</td>", "How to reproduce", "25.0",
        ] where !page.contains(text) { Issue.record("no \(text) in the page") }
        #expect(page.ranges(of: "<figure").count == page.ranges(of: "<summary>numbers</summary>").count)
    }

    @Test("Nothing in a page is fetched or run")
    func selfContained() throws {
        let page = try RunReport([trained("a", score: 0.75), trained("b", score: 0.5)]).page()
        for text in ["<script", "<img", "@import", "url(", "src=", "href=\"http"] {
            #expect(!page.contains(text), "\(text)")
        }
        // The one address is SVG's name.
        #expect(page.ranges(of: "http").count == page.ranges(of: "http://www.w3.org/2000/svg").count)
    }

    @Test("Several runs: the best, its lead over the baseline, the settings that differ")
    func severalRuns() throws {
        let paths = try [1, 2].flatMap { seed in
            [
                try trained("a/seed-\(seed)", score: 0.5, study: "a", seed: seed),
                try trained("b/seed-\(seed)", score: 0.75 + 0.01 * Double(seed), study: "b", seed: seed),
            ]
        }
        let page = try RunReport(paths, baseline: paths[0]).page()
        for text in ["4 runs", "Settings that differ", "Mean score at evaluations", "study.name"]
        where !page.contains(text) { Issue.record("no \(text) in the page") }
        #expect(page.contains("b has the best mean of rte, cola"))
        #expect(page.contains("over a; more than chance among seeds would explain"))
    }

    @Test("An unfinished run is refused by name, and an unknown baseline")
    func refusals() throws {
        let late = try runs.run("late", nil)
        let failure = #expect(throws: Failure.self) { try RunReport([late]) }
        #expect(failure?.description.contains("late") == true)
        let other = #expect(throws: Failure.self) {
            try RunReport([trained("x", score: 0.5)], baseline: "y").page()
        }
        #expect(other?.description == "--baseline: no entry 'y'; expected one of x, or a run of one")
    }

    @Test("A run without journal and trace has a page of its scores")
    func scoresOnly() throws {
        let page = try RunReport([runs.run("merged", runs.results([("rte", 0.5)]), study: "m")]).page()
        #expect(page.contains("0.5000") && !page.contains("<h2>Learning</h2>"))
    }
}
