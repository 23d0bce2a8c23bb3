import Adapters
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite("Tiny attention")
struct TinyAttentionTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let settings: String
        let place: String
        let says: String
        let remedy: String?
        var testDescription: String { settings }

        init(_ settings: String, at place: String, _ says: String, _ remedy: String? = nil) {
            (self.settings, self.place, self.says, self.remedy) = (settings, place, says, remedy)
        }
    }

    /// The section under its key, as a study has it.
    private struct Study: Decodable { let adapter: AdapterSettings }

    @Test(
        "A setting that can't be is one failure, which names the key and what may be",
        arguments: [
            Mistake(#""heads": 0"#, at: "adapter.heads", "is 0, expected 1 or more"),
            Mistake(#""heads": -3"#, at: "adapter.heads", "is -3, expected 1 or more"),
            Mistake(#""width": 0"#, at: "adapter.width", "is 0, expected 1 or more"),
            Mistake(#""width": "x""#, at: "adapter.width", "expected a whole number, found 'x'"),
            Mistake(
                #""width": 9223372036854775807"#, at: "adapter.width",
                "is 9223372036854775807, expected 1 to 24, the backbone's hidden size"),
            Mistake(
                #""heads": 4611686018427387904, "width": 4"#, at: "adapter.heads",
                "is 4611686018427387904, expected 1 to 24, the backbone's hidden size"),
            Mistake(
                #""heads": 5, "width": 5"#, at: "adapter.width",
                "5 heads of width 5 need 25 dimensions, but the backbone's hidden size is 24",
                "set it to 4 or less"),
            Mistake(
                #""layers": "1-3""#, at: "adapter.layers",
                "'1-3' names layer 3, but the backbone has layers 0-2", "layers count from 0"),
            Mistake(
                #""placement": "beside""#, at: "adapter.placement", "unknown value 'beside'",
                "allowed: parallel, sequential"),
            Mistake(
                #""placement": "paralel""#, at: "adapter.placement", "unknown value 'paralel'",
                "did you mean 'parallel'?"),
            Mistake(#""norm": 1"#, at: "adapter.norm", "expected true or false, found '1'"),
        ])
    func refuses(_ test: Mistake) throws {
        let study = #"{"adapter": {"method": "tiny-attention", \#(test.settings)}}"#
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            let method = try JSONDecoder().decode(Study.self, from: Data(study.utf8)).adapter.method
            _ = try method.slices(on: weights, seed: 1)
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.location == test.place)
        #expect(failure?.message == test.says)
        #expect(failure?.remedy == test.remedy)
    }

    @Test("A width that the operations can't be counted for is refused there too")
    func operationsOfAWideOne() throws {
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try TinyAttention().with { ($0.heads, $0.width) = (.max, .max) }
                .addedOperations(on: weights, tokens: 10)
        }
        #expect(failure?.location == "adapter.heads")
        // 3 layers of 2·24·3 + 4·10 + 2·24 + 24.
        #expect(try TinyAttention().addedOperations(on: weights, tokens: 10) == 3 * (144 + 40 + 48 + 24))
    }

    // MARK: Heads as one

    static let several = [
        #"{"method": "tiny-attention", "heads": 3, "width": 2}"#,
        #"{"method": "tiny-attention", "heads": 4, "placement": "parallel", "layers": "0,2"}"#,
        #"{"method": "tiny-attention", "heads": 2, "width": 3, "norm": false, "biases": false}"#,
    ]

    @Test("The averaged head has the mean of the heads' weights, and the rest stays", arguments: several)
    func averagesWeights(_ settings: String) throws {
        let head = ParameterSlice(TensorName(TensorName.head, "weight"), .head, [2, 24], .constant(0.5))
        let model = try AdaptedModel(settings, with: [head])
        let method = try #require(model.method as? TinyAttention)
        let values = model.parameters(movedBy: 0.5)
        let averaged = method.averagingHeads(values, in: model.layout)
        #expect(averaged.method.heads == 1 && averaged.method.width == method.width)
        #expect(averaged.values.count == averaged.layout.count)
        let expected = try averaged.method.slices(on: model.tiny.weights, seed: 5)
        #expect(averaged.layout.slices.map(\.name) == expected.map(\.name) + ["head.weight"])
        #expect(averaged.layout.slices.map(\.shape) == expected.map(\.shape) + [[2, 24]])
        let (count, width) = (method.heads, method.width)
        for (slice, range) in zip(averaged.layout.slices, averaged.layout.ranges) {
            let own = values[try #require(model.layout[slice.name])].map { Double($0) }
            func mean(_ index: (Int) -> Int) -> Double {
                (0..<count).reduce(0) { $0 + own[index($1)] } / Double(count)
            }
            let part = slice.name.split(separator: ".").suffix(2).joined(separator: ".")
            let expected: [Double]
            switch part {
            case "query.weight", "key.weight", "value.weight":
                expected = (0..<width * 24).map { i in
                    mean { ($0 * width + i / 24) * 24 + i % 24 }
                }
            case "query.bias", "key.bias", "value.bias":
                expected = (0..<width).map { i in mean { $0 * width + i } }
            case "output.weight":
                expected = (0..<24 * width).map { i in
                    mean { (i / width) * count * width + $0 * width + i % width }
                }
            default: expected = own
            }
            let found = averaged.values[range].map { Double($0) }
            #expect(mismatch(found, expected, Tolerance(absolute: 1e-7), slice.name) == nil)
        }
    }

    @Test("Where all heads are alike, averaging them changes no output", arguments: several)
    func averagesAlikeHeads(_ settings: String) throws {
        let model = try AdaptedModel(settings)
        let method = try #require(model.method as? TinyAttention)
        var values = model.parameters(movedBy: 0.5)
        // Every head takes the first one's weights.
        for (slice, range) in zip(model.layout.slices, model.layout.ranges)
        where slice.name.contains("tiny-attention") && !slice.name.contains("norm") {
            let (count, width) = (method.heads, method.width)
            let isOutput = slice.name.hasSuffix("output.weight")
            if slice.name.hasSuffix("output.bias") { continue }
            for i in 0..<slice.count {
                let first =
                    isOutput
                    ? i / (count * width) * count * width + i % width : i % (slice.count / count)
                values[range.lowerBound + i] = values[range.lowerBound + first]
            }
        }
        let averaged = method.averagingHeads(values, in: model.layout)
        let encoder = JSONEncoder()
        let text = String(
            decoding: try encoder.encode(AdapterSettings(averaged.method)), as: UTF8.self)
        let single = try AdaptedModel(text)
        #expect(single.layout.ranges == averaged.layout.ranges)
        // Sums of M equal terms in another order.
        let mismatched = mismatch(
            single.outputs(averaged.values), model.outputs(values), Tolerance(relative: 1e-5))
        #expect(mismatched == nil)
    }
}
