import Adapters
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite("Bottlenecks and prefixes")
struct BottleneckTests {
    /// The section under its key, so that places can be checked.
    private struct Study: Decodable { let adapter: AdapterSettings }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let methods: [String]
        let setting: String
        let place: String
        /// Parts of the message and its remedy.
        let parts: [String]
        var testDescription: String { setting }

        init(_ methods: [String], _ setting: String, at place: String, _ parts: String...) {
            (self.methods, self.setting, self.place, self.parts) = (methods, setting, place, parts)
        }
    }

    static let bottlenecks = ["houlsby", "pfeiffer", "parallel"]
    static let widths = "expected a whole number from 1 to 8192"
    static let scales = "expected a number from 0.000001 to 1000000"

    @Test(
        "Mistakes in settings are named with the key and what is allowed",
        arguments: [
            Mistake(bottlenecks + ["mam"], "\"bottleneck\": 0", at: "adapter.bottleneck", widths, "found 0"),
            Mistake(bottlenecks + ["mam"], "\"bottleneck\": -3", at: "adapter.bottleneck", widths),
            Mistake(bottlenecks + ["mam"], "\"bottleneck\": 8193", at: "adapter.bottleneck", widths),
            Mistake(
                bottlenecks + ["mam"], "\"bottleneck\": 9223372036854775807", at: "adapter.bottleneck",
                widths, "found 9223372036854775807"),
            Mistake(
                bottlenecks + ["mam"], "\"bottleneck\": \"wide\"", at: "adapter.bottleneck",
                "expected a whole number"),
            Mistake(["prefix", "mam"], "\"length\": 0", at: "adapter.length", "from 1 to 1024, found 0"),
            Mistake(
                ["prefix", "mam"], "\"length\": 9223372036854775807", at: "adapter.length", "from 1 to 1024"),
            Mistake(bottlenecks + ["mam"], "\"scale\": 0", at: "adapter.scale", scales, "found 0"),
            Mistake(bottlenecks + ["mam"], "\"scale\": -1", at: "adapter.scale", scales),
            Mistake(bottlenecks + ["mam"], "\"scale\": 1e300", at: "adapter.scale", scales),
            Mistake(
                bottlenecks + ["mam"], "\"scale\": \"inf\"", at: "adapter.scale",
                "is inf, expected a finite number"),
            Mistake(
                bottlenecks + ["mam"], "\"scale\": \"nan\"", at: "adapter.scale",
                "is nan, expected a finite number"),
            Mistake(
                bottlenecks + ["mam"], "\"activation\": \"sine\"", at: "adapter.activation",
                "unknown value 'sine'", "allowed: gelu, gelu_new, relu, swish, tanh"),
            Mistake(
                bottlenecks + ["mam"], "\"activation\": \"rellu\"", at: "adapter.activation",
                "did you mean 'relu'?"),
            Mistake(
                bottlenecks, "\"start\": \"ones\"", at: "adapter.start",
                "allowed: kaiming, near-identity, normal, zero-up"),
            Mistake(bottlenecks, "\"inputNorm\": 2", at: "adapter.inputNorm", "expected true or false"),
            Mistake(
                bottlenecks, "\"norm\": \"everything\"", at: "adapter.norm",
                "allowed: attention, both, none, output"),
            Mistake(
                bottlenecks + ["prefix", "mam"], "\"layers\": \"one\"", at: "adapter.layers",
                "expected layers as 'all', '4-11' or '0,2,5', found 'one'"),
        ])
    func refuses(_ test: Mistake) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        for method in test.methods {
            let study = Data("{\"adapter\": {\"method\": \"\(method)\", \(test.setting)}}".utf8)
            let failure = #expect(throws: Failure.self) { try decoder.decode(Study.self, from: study) }
            #expect(failure?.kind == .usage && failure?.location == test.place, "\(method)")
            for part in test.parts {
                #expect(failure?.description.contains(part) == true, "\(method): \(part)")
            }
        }
    }

    @Test("A layer that the backbone lacks is named", arguments: bottlenecks + ["prefix", "mam"])
    func refusesLayers(_ method: String) throws {
        let weights = try TinyModel().weights
        let settings = try AdaptedModel.decode(#"{"method": "\#(method)", "layers": "1-3"}"#)
        for failure in [
            #expect(throws: Failure.self) { try settings.method.slices(on: weights, seed: 1) },
            #expect(throws: Failure.self) { try settings.method.addedOperations(on: weights, tokens: 5) },
        ] {
            #expect(failure?.location == "adapter.layers" && failure?.kind == .usage)
            #expect(failure?.message == "'1-3' names layer 3, but the backbone has layers 0-2")
        }
    }

    @Test("Two methods that train the same prefix are refused")
    func refusesTwoPrefixes() throws {
        let settings = try AdaptedModel.decode(#"[{"method": "mam"}, {"method": "prefix"}]"#)
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) { try settings.method.slices(on: weights, seed: 1) }
        #expect(failure?.message == "mam and prefix both train 'layer.0.prefix.key.weight'")
    }

    @Test("Defaults are those of the papers")
    func defaults() throws {
        func encoded(_ method: String) throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let settings = try AdaptedModel.decode(#"{"method": "\#(method)"}"#)
            return String(decoding: try encoder.encode(settings), as: UTF8.self)
        }
        let common = #""bottleneck":64,"inputNorm":false,"layers":"all""#
        #expect(
            try encoded("houlsby")
                == #"{"activation":"gelu",\#(common),"method":"houlsby","norm":"both","reads":"output","scale":1,"#
                + #""start":"near-identity"}"#)
        #expect(
            try encoded("pfeiffer")
                == #"{"activation":"gelu",\#(common),"method":"pfeiffer","norm":"none","reads":"output","scale":1,"#
                + #""start":"near-identity"}"#)
        #expect(
            try encoded("parallel")
                == #"{"activation":"relu",\#(common),"method":"parallel","norm":"none","reads":"input","scale":4,"#
                + #""start":"kaiming"}"#)
        #expect(try encoded("prefix") == #"{"layers":"all","length":30,"method":"prefix"}"#)
        #expect(
            try encoded("mam")
                == #"{"activation":"relu","bottleneck":512,"layers":"all","length":30,"method":"mam","scale":4}"#
        )
    }

    struct Start: Sendable, CustomTestStringConvertible {
        let name: String
        let down, up: ClosedRange<Float>
        let largestDown: Float
        var testDescription: String { name }
    }

    @Test(
        "Matrices start with the deviations that the start's name promises, biases at 0",
        arguments: [
            // A normal distribution cut off at two deviations has 0.88 of its deviation.
            Start(name: "near-identity", down: 8e-4...9.6e-4, up: 8e-4...9.6e-4, largestDown: 2e-3),
            Start(name: "normal", down: 0.018...0.022, up: 0.018...0.022, largestDown: 0.1),
            Start(name: "zero-up", down: 0.018...0.022, up: 0...0, largestDown: 0.1),
            // Uniform in ±1/√24, of which the deviation is 1/√72.
            Start(name: "kaiming", down: 0.108...0.128, up: 0...0, largestDown: 0.2042),
        ])
    func starts(_ test: Start) throws {
        let model = try AdaptedModel(#"{"method": "pfeiffer", "start": "\#(test.name)", "inputNorm": true}"#)
        func deviation(_ values: [Float]) -> Float {
            (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        }
        for slice in model.layout.slices {
            let values = slice.initial
            switch slice.name.split(separator: ".").suffix(2).joined(separator: ".") {
            case "down.weight":
                #expect(test.down.contains(deviation(values)) && slice.shape == [64, 24])
                #expect(values.allSatisfy { abs($0) <= test.largestDown })
            case "up.weight": #expect(test.up.contains(deviation(values)) && slice.shape == [24, 64])
            case "norm.weight": #expect(values == [Float](repeating: 1, count: 24))
            default: #expect(values.allSatisfy { $0 == 0 }, "\(slice.name)")
            }
            #expect(
                slice.isPrunable
                    == (slice.name.hasSuffix("down.weight") || slice.name.hasSuffix("up.weight")))
        }
    }

    @Test("Added operations are those of the products: 4 m d for a bottleneck, 4 P d for a prefix")
    func operations() throws {
        let weights = try TinyModel().weights
        let cases: [(String, Double)] = [
            (#"{"method": "houlsby", "bottleneck": 5}"#, 2880),
            (#"{"method": "pfeiffer", "bottleneck": 5, "layers": "0,2"}"#, 960),
            (#"{"method": "parallel", "bottleneck": 7}"#, 2016),
            (#"{"method": "prefix", "length": 7, "layers": 2}"#, 672),
            (#"{"method": "mam", "length": 7, "bottleneck": 10}"#, 4896),
        ]
        for (settings, expected) in cases {
            let method = try AdaptedModel.decode(settings).method
            #expect(try method.addedOperations(on: weights, tokens: 9) == expected, "\(settings)")
        }
    }
}
