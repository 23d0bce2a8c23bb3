import Diagnostics
import Formats
import Foundation
import Reports
import Runs
import Testing

@Suite("Comparison of runs")
struct ComparisonTests {
    let runs: RunFolder

    init() throws { runs = try RunFolder() }

    @Test("Each study is a column, and each task and fact a row, aligned")
    func table() throws {
        let shared = try runs.run("shared", runs.results([("rte", 0.75), ("mrpc", 0.5)], adapters: 36_864))
        let operations = ParameterCounts.Operations(tokens: 30, frozen: 2000, added: 5)
        let apart = try runs.run(
            "a-longer-name",
            runs.results(
                [("rte", 0.8), ("cola", nil)], operations: operations, kept: 100))
        #expect(
            try Comparison([shared, apart]).table(width: 60) == """
                                           shared  a-longer-name
                method                   hadamard       hadamard
                rte                        0.7500         0.8000
                mrpc                       0.5000              –
                mean of rte                0.7500         0.8000
                parameters per task         36864           9216
                after pruning                   –            100
                % of the backbone           0.369          0.092
                parameters, all tasks       73728          18432
                forward FLOPs per token         –           2000
                extra FLOPs per token           –              5
                extra FLOPs, %                  –          0.250

                The same for all (--all shows it in the table): seeds 1;
                scored on dev; heads, all tasks 1538; bytes per step 36912;
                steps 40; total seconds 12.3.

                Bytes per step: the most that one rank sent in a step.
                Gradients of shared parameters travel per task, to be
                compared, or summed, which saves bytes: rule sum, agreement
                off.
                """)
        let all = try Comparison([shared, apart]).table(content: ComparisonContent(constants: true))
        for line in [
            "seeds                           1              1", "seconds per step", "Bytes per step: the",
        ] {
            #expect(all.contains("\n\(line)"), "\(line) in \(all)")
        }
    }

    @Test(
        "Runs that differ only in the seed are one column: mean ± its confidence interval, and count"
    )
    func seeds() throws {
        // 0.5, 0.6, 0.7 have the standard deviation 0.1, and so the interval 4.3027 · 0.1 / √3 with two
        // degrees of freedom; those of stsb are equal.
        let paths = try [0.5, 0.6, 0.7].enumerated().map { index, score in
            try runs.run(
                "lora/seed-\(index)", runs.results([("rte", score), ("stsb", 0.1)]), study: "a",
                seed: index)
        }
        let other = try runs.run("hut/seed-0", runs.results([("rte", 0.75)]), study: "b", seed: 0)
        let lines = try Comparison(paths + [other]).table().split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        let expected = [
            ["lora", "hut"], ["method", "hadamard", "hadamard"], ["seeds", "3", "1"],
            ["rte", "0.6000", "±", "0.2484", "0.7500"], ["stsb", "0.1000", "±", "0.0000", "–"],
            // hut has no score of stsb.
            ["mean", "of", "rte", "0.6000", "±", "0.2484", "0.7500"],
        ]
        #expect(Array(lines.prefix(expected.count)) == expected)
    }

    @Test(
        "A repeated seed begins a new column, and so does a run without a recorded study"
    )
    func whatIsNoOtherSeed() throws {
        let scores = runs.results([("rte", 0.5)])
        let cases: [(String, [String], Int)] = [
            (
                "the same seed",
                [
                    try runs.run("two-ranks", scores, study: "a"),
                    try runs.run("one-rank", scores, study: "a"),
                ], 2
            ),
            (
                "unknown studies", [try runs.run("old-1", scores), try runs.run("old-2", scores)], 2
            ),
            (
                "another study",
                [
                    try runs.run("x", scores, study: "a"), try runs.run("y", scores, study: "b", seed: 2),
                ], 2
            ),
            (
                "another seed",
                [
                    try runs.run("u", scores, study: "a"), try runs.run("v", scores, study: "a", seed: 2),
                ], 1
            ),
        ]
        for (name, paths, count) in cases {
            let groups = try json(paths)["groups"]?.array
            #expect(groups?.count == count, "\(name)")
        }
    }

    @Test("More than six studies are rows")
    func rows() throws {
        let paths = try (0..<7).map {
            try runs.run("run-\($0)", runs.results([("rte", 0.1 * Double($0))]))
        }
        #expect(try Comparison(Array(paths.dropLast())).table().hasPrefix("       "))
        let lines = try Comparison(paths).table().split(separator: "\n")
        #expect(lines[0].split(separator: " ").map(String.init) == ["method", "rte", "mean"])
        #expect(lines[7].hasPrefix("run-6  hadamard  0.6000  0.6000"))
    }

    @Test(
        "Order",
        arguments: [
            (Comparison.Order.given, ["c", "a", "b", "d"]), (.name, ["a", "b", "c", "d"]),
            (.score, ["b", "c", "a", "d"]), (.parameters, ["a", "c", "d", "b"]),
        ])
    func order(order: Comparison.Order, expected: [String]) throws {
        let paths = [
            try runs.run("c", runs.results([("rte", 0.5)], adapters: 20)),
            try runs.run("a", runs.results([("rte", 0.4)], adapters: 10)),
            try runs.run("b", runs.results([("rte", 0.9)], adapters: 30)),
            // A run without scores comes last, whatever its name.
            try runs.run("d", runs.results([], adapters: 20)),
        ]
        let head = try Comparison(paths, order: order).table().split(separator: "\n")[0]
        #expect(head.split(separator: " ").map(String.init) == expected)
    }

    @Test("The seconds per step are the median over the last stage, the file the largest of a task")
    func journalAndAdapters() throws {
        let path = try runs.run("run", runs.results([("rte", 0.5)]))
        let steps: [(StageName, Double)] = [
            (.head, 9), (.adapter, 5), (.adapter, 1), (.adapter, 2), (.adapter, 4),
        ]
        let journal = try Journal(directory: RunDirectory(path: path), appending: false)
        for (index, (stage, seconds)) in steps.enumerated() {
            try journal.record(
                "step",
                StepReport(
                    stage: stage, step: index + 1, stageStep: 1, stageSteps: 1, microBatches: [],
                    losses: NamedValues([]), learningRates: NamedValues([]), gradientNorm: 1, tokens: 1,
                    bytes: 1, seconds: seconds, secondsWaiting: 0, secondsCommunicating: 0))
        }
        try runs.write("12345", to: "\(path)/adapters/rte/adapter_model.safetensors")
        try runs.write("123", to: "\(path)/adapters/mrpc/adapter_model.safetensors")
        let facts = try json([path])["groups"]?[0]?["facts"]
        #expect(facts?["secondsPerStep"]?.double == 3)
        #expect(facts?["adapterBytes"]?.int == 5)
    }

    @Test("A run of a head stage alone has no size of an adapter")
    func headsAlone() throws {
        let trained = runs.results([("rte", 0.5)])
        let path = try runs.run(
            "run", RunResults(steps: 20, stages: [trained.stages[0]], parameters: trained.parameters))
        try runs.write("12345", to: "\(path)/adapters/rte/adapter_model.safetensors")
        let facts = try json([path])["groups"]?[0]?["facts"]
        #expect(facts?["adapterBytes"]?.isNull == true && facts?["headsAllTasks"]?.int == 1538)
    }

    @Test("A note says why there is no mean")
    func noCommonTask() throws {
        let rte = try runs.run("rte", runs.results([("rte", 0.5)]))
        let mrpc = try runs.run("mrpc", runs.results([("mrpc", 0.5)]))
        let note = "Mean: – because no task is scored by all entries."
        #expect(try Comparison([rte, mrpc]).table().contains(note))
        #expect(try !Comparison([rte]).table().contains("Mean: –"))
    }

    @Test("The Markdown table escapes bars in names")
    func markdown() throws {
        let path = try runs.run("a|b", runs.results([("rte", 0.5)]))
        let other = try runs.run("c", runs.results([("rte", 0.25)]))
        let lines = try Comparison([path, other]).table(.markdown).split(separator: "\n")
        #expect(lines[0] == #"|  | a\|b | c |"# && lines[1] == "|---|---:|---:|")
        #expect(lines.contains("| rte | 0.5000 | 0.2500 |"))
    }

    @Test("Columns of words are left-aligned, columns of numbers right-aligned")
    func alignment() {
        let table = TextTable([
            ["task", "verdict", "score"], ["rte", "supported", "0.5"], ["mrpc", "–", "–"],
        ])
        #expect(table.markdown.split(separator: "\n")[1] == "|---|---:|---:|")
        let words = TextTable([["task", "verdict", "score"], ["rte", "supported", "0.5"]])
        #expect(words.markdown.split(separator: "\n")[1] == "|---|---|---:|")
        #expect(words.latex.hasPrefix("\\begin{tabular}{llr}"))
    }

    @Test("A narrow table has several blocks of columns, each with the names")
    func blocks() throws {
        let paths = try ["first", "second", "third"].enumerated().map { index, name in
            try runs.run(name, runs.results([("rte", 0.5)], adapters: 10 * (index + 1)))
        }
        let facts = try ComparisonContent(facts: ["parametersPerTask"])
        #expect(
            try Comparison(paths).table(content: facts, width: 40).components(separatedBy: "\n\n").prefix(2)
                == [
                    """
                                            first    second
                    method               hadamard  hadamard
                    rte                    0.5000    0.5000
                    mean                   0.5000    0.5000
                    parameters per task        10        20
                    """,
                    """
                                            third
                    method               hadamard
                    rte                    0.5000
                    mean                   0.5000
                    parameters per task        30
                    """,
                ])
    }

    @Test("Scores side by side say which split they are of if it is not one")
    func splits() {
        func column(_ name: String, _ split: String) -> ScoreColumns.Column {
            let score = KeptScore(
                score: 0.5, step: 1, splits: NamedValues([(split, NamedValues([("accuracy", 0.5)]))]),
                best: nil)
            let stage = StageResult(
                stage: .adapter, steps: 1, tasks: NamedValues([("rte", score)]), drawn: NamedValues([]))
            return ScoreColumns.Column(name: name, [RunResults(stages: [stage])])
        }
        let (dev, other, heldOut) = (column("a", "dev"), column("b", "dev"), column("c", "train"))
        #expect(!ScoreColumns(["rte"], [dev, other]).text.contains("scored on"))
        let text = ScoreColumns(["rte"], [dev, heldOut]).text
        #expect(text.contains(/\nscored on +dev +held-out\n/), "\(text)")
    }

    @Test("An unknown column suggests the nearest")
    func unknownColumn() {
        let failure = #expect(throws: Failure.self) { try ComparisonContent(facts: ["bytesPerSteps"]) }
        #expect(
            failure?.description == "--columns: unknown column 'bytesPerSteps'; did you mean 'bytesPerStep'?")
    }

    @Test("The table says how gradients of shared parameters travelled, if some tasks share any")
    func sharedGradients() throws {
        func run(_ name: String, _ way: SharedGradients?) throws -> String {
            var results = runs.results([("rte", 0.5)], way: way)
            results.bytesPerStep = way == .perTask ? 200 : 100
            return try runs.run(name, results, study: name)
        }
        let paths = [try run("a", .perTask), try run("b", .summed), try run("c", nil)]
        let text = try Comparison(paths).table()
        #expect(text.contains(/\nshared gradients +per task +summed +–\n/), "\(text)")
        #expect(try json(paths)["groups"]?[1]?["sharedGradients"] == "summed")
        #expect(try !Comparison([paths[2]]).table().contains("shared gradients"))
    }

    @Test("A run whose tasks were compared has their mean cosine, with and without noise")
    func agreement() throws {
        let part = TaskAgreement.Part(
            name: "all", kind: nil, layer: nil, cosine: [[nil, 0.25], [0.25, nil]],
            correctedCosine: [[nil, 0.75], [0.75, nil]], affinity: [[nil, nil], [nil, nil]],
            noiseScale: [nil, nil])
        let period = TaskAgreement.Period(steps: [[2, 2], [2, 2]], parts: [part])
        let paths = [
            try runs.run("off", runs.results([("rte", 0.5)]), study: "off"),
            try runs.run(
                "on",
                runs.results(
                    [("rte", 0.5)],
                    agreement: TaskAgreement(tasks: ["rte", "cola"], whole: period, thirds: [])), study: "on"),
        ]
        let text = try Comparison(paths).table()
        #expect(text.contains(/\nmean cosine of tasks +– +0.250\n/), "\(text)")
        #expect(text.contains(/\ncosine without noise +– +0.750\n/), "\(text)")
    }

    @Test("Metrics take the place of a score")
    func metrics() throws {
        let path = try runs.run("one", runs.results([("mrpc", 0.75)], metrics: ["accuracy": 0.7, "f1": 0.8]))
        let lines = try Comparison([path]).table(content: ComparisonContent(metrics: true))
            .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in ["mrpc accuracy 0.7000", "mrpc f1 0.8000", "mean 0.7500"] {
            #expect(lines.contains(line), "\(lines)")
        }
        #expect(try json([path])["groups"]?[0]?["metrics"]?["mrpc"]?["dev"]?["f1"]?["mean"] == 0.8)
    }

    @Test("Differences are taken within seeds, to an entry that is named or whose run is")
    func differences() throws {
        // By seed: 0.5 and 0.6 against 0.6 and 0.9; the third seed has no partner. The differences are 0.1
        // and 0.3, whose resamples reach from one to the other, and shares of 20 and 50 %.
        let scores = ["a": [0.5, 0.6], "b": [0.6, 0.9, 0.1]]
        let paths = try ["a", "b"].flatMap { name in
            try (scores[name] ?? []).enumerated().map { seed, score in
                try runs.run(
                    "\(name)/seed-\(seed)", runs.results([("rte", score)]), study: name, seed: seed)
            }
        }
        for baseline in ["a", paths[1], "\(paths[1])/"] {
            let lines = try Comparison(paths).table(content: ComparisonContent(baseline: baseline))
                .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(lines.contains("Δ rte – +0.2000 [+0.1000, +0.3000]"), "\(lines)")
            #expect(lines.contains("Δm, % – +35.00 [+20.00, +50.00]"), "\(lines)")
            #expect(lines.contains { $0.hasPrefix("Δ: the difference from a's score") })
        }
        let differences = try JSONValue(
            parsing: Data(
                Comparison(paths).table(.json, content: ComparisonContent(baseline: "a")).utf8), at: "table")[
                "groups"]?[1]?["differences"]
        #expect(differences?["baseline"] == "a" && differences?["mean"]?["seeds"] == 2)
        let failure = #expect(throws: Failure.self) {
            try Comparison(paths).table(content: ComparisonContent(baseline: "c"))
        }
        #expect(
            failure?.description == "--baseline: no entry 'c'; expected one of a, b, or a run of one")
    }

    @Test("Δm is a dash where the baseline has a score of 0")
    func noShareOfNothing() throws {
        let paths = try [0.0, 0.5].enumerated().map { index, score in
            try runs.run("r\(index)", runs.results([("rte", score), ("mrpc", 0.5)]), study: "\(index)")
        }
        let text = try Comparison(paths).table(content: ComparisonContent(baseline: "r0"))
        #expect(text.contains(/\nΔm, % +– +–\n/) && text.contains(/\nΔ rte +– +\+0.5000\n/), "\(text)")
    }

    @Test("The mean rank is over tasks; equal scores share a rank")
    func meanRank() throws {
        let scores = [[0.9, 0.5], [0.8, 0.5], [0.7, 0.6]]
        let paths = try scores.enumerated().map { index, scores in
            try runs.run(
                "r\(index)", runs.results([("rte", scores[0]), ("mrpc", scores[1])]), study: "\(index)")
        }
        // rte: 1, 2, 3; mrpc: 2.5, 2.5, 1.
        #expect(try Comparison(paths).table().contains(/\nmean rank +1.75 +2.25 +2.00\n/))
    }

    @Test("Entries of one method are told apart by their settings")
    func methods() throws {
        let sections: [(String, JSONValue)] = [
            ("a", ["method": "hadamard", "norm": "none", "site": "heads"]),
            ("b", ["method": "hadamard", "norm": "none", "site": "projection"]),
            ("c", [["method": "hadamard"], ["method": "lora"]]),
        ]
        let paths = try sections.map { name, adapter in
            try runs.run(name, runs.results([("rte", 0.5)]), study: name, adapter: adapter)
        }
        let table = try Comparison(paths).table()
        let line = try #require(table.split(separator: "\n").first { $0.hasPrefix("method") })
        #expect(
            line.dropFirst(6).split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
                == ["hadamard site=heads", "hadamard site=projection", "hadamard + lora"])
    }

    @Test("CSV has a row for each entry and all digits; LaTeX escapes its own signs")
    func csvAndLaTeX() throws {
        let third = 1.0 / 3
        let paths = try [1, 2].map {
            try runs.run("my_run/seed-\($0)", runs.results([("rte", third)]), study: "a", seed: $0)
        }
        let comparison = try Comparison(paths)
        let csv = try comparison.table(.csv, content: ComparisonContent(facts: ["steps"])).split(
            separator: "\n")
        #expect(
            csv == [
                "entry,method,seeds,scored on,rte,rte ci95,rte sd,mean,mean ci95,mean sd,steps",
                "my_run,hadamard,2,dev,\(third),0,0,\(third),0,0,40",
            ])
        let latex = try comparison.table(.latex, content: ComparisonContent(facts: ["percentOfBackbone"]))
            .split(separator: "\n")
        #expect(latex.prefix(3) == ["\\begin{tabular}{lr}", "\\hline", " & my\\_run \\\\"])
        #expect(latex.contains("rte & 0.3333 $\\pm$ 0.0000 \\\\"))
        #expect(latex.contains("\\% of the backbone & 0.092 \\\\"))
    }

    @Test("A folder stands for the finished runs below it")
    func folders() throws {
        let paths = try ["x/lora/seed-10", "x/lora/seed-9", "x/hut"].map {
            try runs.run($0, runs.results([("rte", 0.5)]))
        }
        let unfinished = try runs.run("x/late", nil)
        let damaged = try runs.run("x/z-damaged", nil)
        try "{\"stages\": [".write(toFile: damaged + "/results.json", atomically: true, encoding: .utf8)
        let empty = try runs.run("x/z-empty", RunResults(stages: []))
        let found = try RunSearch([runs.path("x/")])
        #expect(found.runs == [paths[2], paths[1], paths[0]])
        #expect(
            found.leftOut.map(\.location) == [
                unfinished, damaged + "/results.json:1", empty + "/results.json",
            ])
        #expect(found.leftOut.allSatisfy { $0.remedy?.contains("hadamesh train --resume") == true })
        let several = try RunSearch([paths[0], unfinished])
        #expect(several.runs == [paths[0]] && several.leftOut.map(\.location) == [unfinished])
        #expect(throws: Failure.self) { try RunSearch([unfinished]) }
        let failure = #expect(throws: Failure.self) { try RunSearch([runs.path("x/none")]) }
        #expect(failure?.description.contains("no such run directory") == true)
        _ = try runs.run("y/late", nil)
        let none = #expect(throws: Failure.self) { try RunSearch([runs.path("y")]) }
        #expect(none?.description.contains("none of the runs in it has results yet") == true)
        // A sweep among the runs stands for its winners' runs, as if it were named.
        _ = try runs.run("z/swept/trials/001-a/seed-1", runs.results([("rte", 0.5)]))
        let winner = try runs.run("z/swept/then/001-a/seed-11", runs.results([("rte", 0.5)]))
        try "base: study.yaml".write(
            toFile: runs.path("z/swept/sweep.yaml"), atomically: true, encoding: .utf8)
        #expect(try RunSearch([runs.path("z")]).runs == [winner])
    }

    @Test("JSON has all digits and each run's own numbers")
    func machineReadable() throws {
        let third = 1.0 / 3
        let paths = [
            try runs.run("l/seed-1", runs.results([("rte", third)]), study: "a", seed: 1),
            try runs.run("l/seed-2", runs.results([("rte", 0.5)]), study: "a", seed: 2),
        ]
        let group = try json(paths)["groups"]?[0]
        #expect(group?["name"]?.string == "l" && group?["seeds"] == [1, 2])
        #expect(group?["scores"]?["rte"]?["runs"] == [.number(third), 0.5])
        #expect(group?["mean"]?["mean"]?.double == (third + 0.5) / 2)
        #expect(group?["runs"]?[1]?["path"]?.string == paths[1])
        #expect(group?["runs"]?[0]?["scores"]?["rte"]?.double == third)
        #expect(group?["runs"]?[0]?["facts"]?["parametersPerTask"]?.int == 9216)
        #expect(group?["facts"]?["operationsAdded"]?.isNull == true)
    }

    private func json(_ paths: [String]) throws -> JSONValue {
        try JSONValue(parsing: Data(Comparison(paths).table(.json).utf8), at: "table")
    }

    @Test("An unfinished run among finished ones is named, with a remedy")
    func unfinished() throws {
        let finished = try runs.run("finished", runs.results([("rte", 0.5)]))
        let path = try runs.run("unfinished", nil)
        let failure = #expect(throws: Failure.self) { _ = try Comparison([finished, path]) }
        #expect(failure?.kind == .usage && failure?.location == path)
        #expect(failure?.description.contains("has no results yet") == true)
    }

    @Test("A folder without a run is named")
    func noRun() throws {
        let path = runs.path("nowhere")
        let failure = #expect(throws: Failure.self) { _ = try Comparison([path]) }
        #expect(failure?.kind == .usage && failure?.location?.hasPrefix(path) == true)
    }

    @Test("A run named twice is refused, however its path is spelled")
    func twice() throws {
        let path = try runs.run("run", runs.results([("rte", 0.5)]))
        let failure = #expect(throws: Failure.self) {
            _ = try Comparison([path, path + "/../run/"])
        }
        #expect(failure?.description.contains("is named twice") == true)
    }

    @Test("Results that are not JSON are refused with their file name")
    func damaged() throws {
        let path = try runs.run("damaged", RunResults(stages: []))
        try runs.write("{\"steps\": 4", to: "\(path)/results.json")
        let failure = #expect(throws: Failure.self) { _ = try Comparison([path]) }
        #expect(failure?.kind == .data && failure?.location?.contains("results.json") == true)
    }

    @Test("A missing number is a dash")
    func missingFacts() throws {
        let stage = StageResult(stage: .head, steps: 0, tasks: NamedValues([]), drawn: NamedValues([]))
        let table = try Comparison([runs.run("bare", RunResults(stages: [stage]))])
            .table(content: ComparisonContent(constants: true)).split(separator: "\n")
        let named = table.dropFirst().prefix { !$0.hasPrefix("Bytes") }.filter { !$0.hasPrefix("seeds") }
        #expect(named.count == 22 && named.allSatisfy { $0.hasSuffix("–") }, "\(table)")
    }
}
