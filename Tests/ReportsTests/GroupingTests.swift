import Diagnostics
import Formats
import Foundation
import Reports
import Runs
import TestSupport
import Testing

/// The search for groups, against brute force in Python, and the affinities that it reads.
@Suite("Affinity of tasks")
struct GroupingTests {
    /// A matrix of `Tests/Golden/grouping`, and the best division by number of groups.
    struct Case: Sendable, Decodable, CustomTestStringConvertible {
        struct Best: Sendable, Decodable {
            let groups: [[Int]]
            let score: Double
        }

        let name: String
        let affinity: [[Double]]
        let alone: Double
        let best: [Best]
        var testDescription: String { name }
    }

    struct Correlation: Decodable {
        let left, right: [Double]
        let value: Double
    }

    private struct File: Decodable {
        let groupings: [Case]
        let correlations: [Correlation]
    }

    private static let file: File? = {
        let data = FileManager.default.contents(atPath: "\(Golden.folder)/grouping/cases.json")
        return data.flatMap { try? JSONDecoder().decode(File.self, from: $0) }
    }()

    @Test("The best groups are those of brute force", arguments: file?.groupings ?? [])
    func golden(_ test: Case) throws {
        let search = GroupingSearch(test.affinity, alone: test.alone)
        #expect(test.best.count == test.affinity.count)
        for (index, best) in test.best.enumerated() {
            let found = try #require(search.best(groups: index + 1))
            #expect(found.groups == best.groups, "\(index + 1) groups")
            // The score of a task alone can be 1e6, of which a Double keeps 1e-10.
            #expect(abs(found.score - best.score) <= 1e-14 * max(1, abs(best.score)), "\(index + 1) groups")
        }
        #expect(search.best(groups: test.affinity.count + 1) == nil)
    }

    @Test("The extremes are the ends of the list of all divisions")
    func extremes() throws {
        let test = try #require(Self.file?.groupings.first { $0.name == "five, alone 0" })
        let search = GroupingSearch(test.affinity, alone: test.alone)
        let all = search.extremes(100, groups: nil)
        // Bell's number of five, without the one group.
        #expect(all.total == 51 && all.best.count == 51 && all.worst.isEmpty)
        #expect(zip(all.best, all.best.dropFirst()).allSatisfy { $0.score >= $1.score })
        #expect(Set(all.best.map { "\($0.groups)" }).count == 51)
        let few = search.extremes(3, groups: nil)
        #expect(few.best.map(\.score) == all.best.prefix(3).map(\.score))
        #expect(few.worst.map(\.score) == all.best.suffix(3).map(\.score))
        // Stirling's number of five in two groups.
        let pairs = search.extremes(8, groups: 2)
        #expect(pairs.total == 15 && pairs.best.count == 8 && pairs.worst.count == 7)
    }

    @Test("Twelve tasks are searched in seconds", .timeLimit(.minutes(1)))
    func twelve() throws {
        let affinity = (0..<12).map { i in (0..<12).map { j in i % 3 == j % 3 ? 1.0 : -1 } }
        let search = GroupingSearch(affinity)
        #expect(search.best(groups: 3)?.groups == (0..<3).map { r in (0..<12).filter { $0 % 3 == r } })
        // Bell's number of twelve, without the one group.
        #expect(search.extremes(1, groups: nil).total == 4_213_596)
    }

    @Test("Rank correlations are SciPy's")
    func correlation() throws {
        let cases = try #require(Self.file?.correlations)
        for test in cases {
            let found = try #require(rankCorrelation(test.left, test.right))
            #expect(abs(found - test.value) < 1e-14)
        }
        #expect(rankCorrelation([1], [2]) == nil && rankCorrelation([1, 1], [1, 2]) == nil)
    }

    // MARK: Sources

    private func agreement(
        _ tasks: [String], _ values: [[Double?]], corrected: [[Double?]]? = nil
    ) -> TaskAgreement {
        func part(_ name: String, _ factor: Double) -> TaskAgreement.Part {
            let scaled = values.map { $0.map { $0.map { $0 * factor } } }
            return TaskAgreement.Part(
                name: name, kind: name == "all" ? nil : name, layer: nil, cosine: scaled,
                correctedCosine: corrected ?? scaled.map { $0.map { $0.map { $0 * 10 } } },
                affinity: scaled.map { $0.map { $0.map { $0 * 100 } } }, noiseScale: tasks.map { _ in nil })
        }
        let period = TaskAgreement.Period(
            steps: tasks.map { _ in tasks.map { _ in 1 } }, parts: [part("all", 1), part("weight", 2)])
        return TaskAgreement(tasks: tasks, whole: period, thirds: [])
    }

    @Test("Measured gradients are averaged over runs, by the names of tasks")
    func gradients() throws {
        let runs = [
            agreement(["a", "b"], [[1, 0.2], [0.4, 1]]),
            agreement(["b", "a", "c"], [[1, 0.8, nil], [0.4, 1, 0.1], [nil, 0.3, 1]]),
        ]
        for (measure, factor) in [(AffinityMeasure.cosine, 1.0), (.corrected, 10), (.affinity, 100)] {
            let found = try #require(TaskAffinity(measure, measured: runs))
            #expect(found.tasks == ["a", "b", "c"] && found.parts.map(\.name) == ["all", "weight"])
            let expected: [[Double?]] = [[nil, 0.3, 0.1], [0.6, nil, nil], [0.3, nil, nil]]
            for (part, scale) in zip(found.parts, [1.0, 2]) {
                for (row, values) in zip(part.values, expected) {
                    for (value, number) in zip(row, values) {
                        #expect((value == nil) == (number == nil))
                        if let value, let number {
                            #expect(abs(value - number * factor * scale) < 1e-12 * factor)
                        }
                    }
                }
            }
            let failure = #expect(throws: Failure.self) { try found.complete() }
            #expect("\(failure as Any)".contains("b and c have no \(measure.rawValue) in these runs"))
        }
        #expect(TaskAffinity(.cosine, measured: []) == nil)
    }

    @Test("A pair below its noise counts as 0, and one that shares nothing is unknown")
    func noise() throws {
        // All pairs share, and the gradients of c are noise alone.
        let corrected: [[Double?]] = [[1, 0.8, nil], [0.8, 1, nil], [nil, nil, nil]]
        let cosines: [[Double?]] = [[1, 0.4, 0.1], [0.4, 1, 0.2], [0.1, 0.2, 1]]
        func affinity(_ corrected: [[Double?]], _ cosines: [[Double?]]) throws -> TaskAffinity {
            let run = agreement(["a", "b", "c"], cosines, corrected: corrected)
            return try #require(TaskAffinity(.corrected, measured: [run]))
        }
        let found = try affinity(corrected, cosines)
        #expect(try found.complete() == [[0, 0.8, 0], [0.8, 0, 0], [0, 0, 0]] && found.hasUnknown)
        let best = try #require(GroupingSearch(try found.complete()).best(groups: 2))
        #expect(try AffinityReport(found, [best]).report(.text).contains("counts as 0"))
        for (corrected, cosines, says) in [
            (
                corrected, [[1, 0.4, nil], [0.4, 1, 0.2], [nil, 0.2, 1]], "a and c have no corrected in these"
            ),
            (
                [[nil, nil, nil], [nil, nil, nil], [nil, nil, nil]], cosines, "all pairs of tasks are below"
            ),
        ] as [([[Double?]], [[Double?]], String)] {
            let failure = #expect(throws: Failure.self) { try affinity(corrected, cosines).complete() }
            #expect(failure?.description.contains(says) == true, "\(failure as Any)")
        }
    }

    @Test("Cosines of adapters are over all tensors, kinds and layers that a pair does not share")
    func adapters() throws {
        let adapters = [("a", "one"), ("b", "one"), ("c", "two")].map {
            TaskAffinity.Adapter(task: $0, run: $1)
        }
        let tensors = [
            ChangeProducts.Tensor(kind: "weight", layer: 0, owners: ["1", "2", "3"]),
            ChangeProducts.Tensor(kind: "bias", layer: 0, owners: ["1", "1", "3"]),
            ChangeProducts.Tensor(kind: "weight", layer: 1, owners: ["1", "2", "3"]),
        ]
        let changes: [[[Float]]] = [
            [[3, 4], [1], [0]], [[4, 3], [1], [2]], [[0, 5], [2], [0]],
        ]
        let affinity = TaskAffinity(adapters, ChangeProducts(tensors, adapters: 3) { changes[$0][$1] })
        #expect(affinity.tasks == ["a", "b", "c"])
        #expect(affinity.parts.map(\.name) == ["all", "weight", "bias", "layer.0", "layer.1"])
        func cosine(_ part: Int, _ i: Int, _ j: Int) -> Double? { affinity.parts[part].values[i][j] }
        func isNear(_ value: Double?, _ expected: Double) -> Bool { abs((value ?? .nan) - expected) < 1e-12 }
        // The bias of a and b is shared and left out.
        #expect(isNear(cosine(0, 0, 1), 24 / (25.0 * 29).squareRoot()))
        #expect(isNear(cosine(0, 0, 2), 22 / (26.0 * 29).squareRoot()))
        #expect(isNear(cosine(1, 1, 2), 15 / (29.0 * 25).squareRoot()))
        #expect(cosine(2, 0, 1) == nil && isNear(cosine(2, 0, 2), 1))
        #expect(isNear(cosine(3, 0, 1), 24.0 / 25) && cosine(4, 0, 1) == nil && cosine(0, 1, 1) == nil)
    }

    @Test("The report has the measure, its parts, the groups and the checks")
    func report() throws {
        let affinity = TaskAffinity(
            tasks: ["a", "b", "c"], measure: .cosine,
            parts: [
                TaskAffinity.Part(
                    name: "all", values: [[nil, 0.5, -0.25], [0.5, nil, 0], [-0.25, 0, nil]]),
                TaskAffinity.Part(name: "layer.0", values: [[nil, 1, nil], [1, nil, 0], [nil, 0, nil]]),
            ])
        let search = GroupingSearch(try affinity.complete())
        let best = (1...3).compactMap { search.best(groups: $0) }
        let checks = [(best[1], 0.75), (best[2], 0.5)].enumerated().map { index, pair in
            AffinityReport.Check(grouping: pair.0, result: pair.1, run: "checks/best-\(index + 1)")
        }
        let report = AffinityReport(affinity, best, checks: checks)
        #expect(
            try report.report(.text) == """
                cosine of gradients
                         a       b        c
                a        –  0.5000  -0.2500
                b   0.5000       –   0.0000
                c  -0.2500  0.0000        –

                cosine of gradients, by part
                part        a×b      a×c     b×c
                all      0.5000  -0.2500  0.0000
                layer.0  1.0000        –  0.0000

                best groups by TAG's objective
                groups  mean gain  alone  tasks
                1       0.0833     0      a+b+c
                2       0.5000     1      a+b c
                3       –          3      a b c

                rank correlation of prediction and result: 1.00
                run            mean gain  alone  mean score  tasks
                checks/best-1  0.5000     1      0.7500      a+b c
                checks/best-2  –          3      0.5000      a b c
                """)
        #expect(
            try AffinityReport(affinity, [best[1]], checks: [checks[0]]).report(.json) == """
                {
                  "tasks": ["a", "b", "c"],
                  "measure": "cosine",
                  "parts": [
                    {
                      "name": "all",
                      "values": [
                        [null, 0.5, -0.25],
                        [0.5, null, 0.0],
                        [-0.25, 0.0, null]
                      ]
                    },
                    {
                      "name": "layer.0",
                      "values": [
                        [null, 1.0, null],
                        [1.0, null, 0.0],
                        [null, 0.0, null]
                      ]
                    }
                  ],
                  "groupings": [
                    {
                      "groups": [
                        ["a", "b"],
                        ["c"]
                      ],
                      "score": -333333.0,
                      "alone": 1
                    }
                  ],
                  "checks": [
                    {
                      "groups": [
                        ["a", "b"],
                        ["c"]
                      ],
                      "score": -333333.0,
                      "alone": 1,
                      "result": 0.75,
                      "run": "checks/best-1"
                    }
                  ],
                  "rankCorrelation": null
                }
                """)
        #expect(try !AffinityReport(affinity, best).report(.json).contains("rankCorrelation"))
    }
}
