import Diagnostics
import Formats
import Foundation
import Reports
import Testing

@Suite("Similarity of adapters")
struct AdapterSimilarityTests {
    typealias Tensor = AdapterSimilarity.Tensor

    /// Adapters with distinct owners, from their changes by adapter and tensor.
    private func similarity(_ names: [String], _ tensors: [Tensor], _ changes: [[[Float]]]) throws
        -> AdapterSimilarity
    {
        let members = names.map { name in
            AdapterSimilarity.Member(name: name, owners: tensors.map { _ in "task:\(name)" })
        }
        return try AdapterSimilarity(members, tensors) { changes[$0][$1] }
    }

    private func json(_ similarity: AdapterSimilarity) throws -> JSONValue {
        try JSONValue(parsing: Data(try similarity.report(.json).utf8), at: "report")
    }

    private func cells(_ report: String) -> [[String]] {
        report.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    @Test(
        "The cosine of two changes, and their norms",
        arguments: [
            ([3, 4], [6, 8], 1, 5, 10), ([3, 4], [-3, -4], -1, 5, 5), ([3, 4], [4, -3], 0, 5, 5),
            ([3, 4], [4, 3], 0.96, 5, 5), ([2, 0, 0], [1, 2, 2], 1.0 / 3, 2, 3),
        ] as [([Float], [Float], Double, Double, Double)])
    func cosines(first: [Float], second: [Float], cosine: Double, norm: Double, otherNorm: Double) throws {
        let row = try json(
            similarity(["a", "b"], [Tensor(name: "w", layer: 0)], [[first], [second]]))["tensors"]?[0]
        #expect(abs((row?["cosines"]?[0]?.double ?? .nan) - cosine) < 1e-12)
        #expect(row?["norms"]?[0]?.double == norm && row?["norms"]?[1]?.double == otherNorm)
    }

    @Test("Rows are tensors and layers with their means over layers, columns are pairs and their mean")
    func table() throws {
        let tensors = [
            Tensor(name: "w", layer: 0), Tensor(name: "w", layer: 1), Tensor(name: "b", layer: 0),
            Tensor(name: "b", layer: 1), Tensor(name: "embeddings", layer: nil),
        ]
        let report = try similarity(
            ["cola", "rte"], tensors,
            [
                [[3, 4], [1, 0], [1, 1], [0, 0], [2, 0]], [[4, 3], [0, 1], [-1, -1], [1, 0], [1, 0]],
            ]
        ).report()
        #expect(
            report == """
                cosine of what training changed
                tensor      layer  cola×rte
                w               0    0.9600
                w               1    0.0000
                w            mean    0.4800
                b               0   -1.0000
                b               1         –
                b            mean   -1.0000
                embeddings      –    1.0000

                norm of the change
                tensor      layer    cola     rte
                w               0  5.0000  5.0000
                w               1  1.0000  1.0000
                b               0  1.4142  1.4142
                b               1  0.0000  1.0000
                embeddings      –  2.0000  1.0000
                """)
    }

    @Test("Shared tensors are marked and excluded from means")
    func shared() throws {
        let members = [
            AdapterSimilarity.Member(name: "a", owners: ["all", "task:a"]),
            AdapterSimilarity.Member(name: "b", owners: ["all", "group:g"]),
            AdapterSimilarity.Member(name: "c", owners: ["task:c", "group:g"]),
        ]
        let changes: [[[Float]]] = [[[1, 0], [1, 0]], [[1, 0], [0, 1]], [[0, 1], [0, 1]]]
        let similarity = try AdapterSimilarity(
            members, [Tensor(name: "w", layer: 0), Tensor(name: "w", layer: 1)]
        ) { changes[$0][$1] }
        let rows = cells(try similarity.report(.text))
        #expect(rows[1] == ["tensor", "layer", "a×b", "a×c", "b×c", "mean"])
        #expect(rows[2] == ["w", "0", "shared", "0.0000", "0.0000", "0.0000"])
        #expect(rows[3] == ["w", "1", "0.0000", "0.0000", "shared", "0.0000"])
        #expect(rows[4] == ["w", "mean", "0.0000", "0.0000", "0.0000", "0.0000"])
        #expect(try json(similarity)["tensors"]?[0]?["cosines"] == ["shared", .number(0), .number(0)])
    }

    @Test("JSON has a number, null for no change, or the word shared for each pair")
    func machineReadable() throws {
        let owners = [["all", "task:a", "task:a"], ["all", "task:b", "task:b"]]
        let members = zip(["a", "b"], owners).map { AdapterSimilarity.Member(name: $0, owners: $1) }
        let tensors = [
            Tensor(name: "w", layer: 0), Tensor(name: "w", layer: 1), Tensor(name: "e", layer: nil),
        ]
        let changes: [[[Float]]] = [[[1], [3, 4], [0]], [[1], [4, 3], [2]]]
        let similarity = try AdapterSimilarity(members, tensors) { changes[$0][$1] }
        #expect(
            try similarity.report(.json) == """
                {
                  "members": ["a", "b"],
                  "pairs": [
                    ["a", "b"]
                  ],
                  "tensors": [
                    {
                      "tensor": "w",
                      "layer": 0,
                      "cosines": ["shared"],
                      "norms": [1.0, 1.0]
                    },
                    {
                      "tensor": "w",
                      "layer": 1,
                      "cosines": [0.96],
                      "norms": [5.0, 5.0]
                    },
                    {
                      "tensor": "e",
                      "layer": null,
                      "cosines": [null],
                      "norms": [0.0, 2.0]
                    }
                  ],
                  "means": [
                    {
                      "tensor": "w",
                      "cosines": [0.96]
                    },
                    {
                      "tensor": "e",
                      "cosines": [null]
                    }
                  ]
                }
                """)
    }

    @Test("The mean of shared tensors alone is marked as shared")
    func allShared() throws {
        let members = ["a", "b"].map { AdapterSimilarity.Member(name: $0, owners: ["all", "all"]) }
        let similarity = try AdapterSimilarity(
            members, [Tensor(name: "w", layer: 0), Tensor(name: "w", layer: 1)]
        ) { _, _ in [1] }
        #expect(cells(try similarity.report())[4] == ["w", "mean", "shared"])
    }

    @Test("More than ten pairs: lowest, mean and highest, and a table of adapters by adapters")
    func many() throws {
        // Five adapters along the first axis, one along the second: 10 cosines of 1 and 5 of 0.
        let changes: [[[Float]]] = (0..<6).map { [$0 < 5 ? [2, 0] : [0, 1]] }
        let rows = cells(
            try similarity(["a", "b", "c", "d", "e", "f"], [Tensor(name: "w", layer: 0)], changes).report())
        #expect(rows[1] == ["tensor", "layer", "lowest", "mean", "highest"])
        #expect(rows[2] == ["w", "0", "0.0000", "0.6667", "1.0000"])
        #expect(rows[3] == ["w,", "mean", "over", "layers"])
        #expect(rows[4] == ["b", "c", "d", "e", "f"])
        #expect(rows[5] == ["a", "1.0000", "1.0000", "1.0000", "1.0000", "0.0000"])
        #expect(rows[9] == ["e", "0.0000"])
    }

    @Test("Tensors are selected by a part of their name; the failure lists all names")
    func chosen() throws {
        let tensors = [Tensor(name: "hadamard.weight", layer: 0), Tensor(name: "hadamard.bias", layer: 0)]
        let all = try similarity(["a", "b"], tensors, [[[1], [1]], [[1], [1]]])
        let report = try AdapterSimilarity(all, ofTensorsNamed: "weight").report()
        #expect(report.contains("hadamard.weight") && !report.contains("hadamard.bias"))
        let failure = #expect(throws: Failure.self) {
            _ = try AdapterSimilarity(all, ofTensorsNamed: "wieght")
        }
        #expect(failure?.description.contains("hadamard.weight, hadamard.bias") == true)
    }

    @Test("A single adapter is refused")
    func one() throws {
        let failure = #expect(throws: Failure.self) {
            _ = try similarity(["a"], [Tensor(name: "w", layer: 0)], [[[1]]])
        }
        #expect(failure?.kind == .usage)
    }

    @Test("Markdown has a table under each title")
    func markdown() throws {
        let report = try similarity(["a", "b"], [Tensor(name: "w", layer: 2)], [[[1]], [[2]]])
            .report(.markdown)
        #expect(
            report == """
                **cosine of what training changed**

                | tensor | layer | a×b |
                |---|---:|---:|
                | w | 2 | 1.0000 |

                **norm of the change**

                | tensor | layer | a | b |
                |---|---:|---:|---:|
                | w | 2 | 1.0000 | 2.0000 |
                """)
    }
}
