import Adapters
import Diagnostics
import Encoders
import TestSupport
import Testing

@Suite("Hadamard adapter")
struct HadamardTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let site: String
        let pooling: Pooling
        let task: String
        var name: String { "\(site).\(pooling.rawValue).\(task)" }
        var testDescription: String { name }

        static let all = ["heads", "projection"].flatMap { site in
            Pooling.allCases.flatMap { pooling in
                ["classification", "regression"].map { Case(site: site, pooling: pooling, task: $0) }
            }
        }
    }

    @Test("Logits, losses and every gradient agree with PyTorch in double precision", arguments: Case.all)
    func agreesWithPyTorch(_ test: Case) throws {
        let golden = try Golden("training/hadamard")
        for norm in ["none", "attention", "output", "both"] {
            let model = try AdaptedModel(
                #"{"method": "hadamard", "site": "\#(test.site)", "norm": "\#(norm)"}"#)
            var parameters = model.layout.initial
            for (slice, range) in zip(model.layout.slices, model.layout.ranges) where slice.kind != .norm {
                parameters.replaceSubrange(range, with: try golden.floats("parameters.\(slice.name)"))
            }
            let head = try ReferenceHead(golden, task: test.task, pooling: test.pooling, model.tiny)
            let result = head.run(Array(model.outputs(parameters).prefix(model.tiny.batch.tokens * 24)))
            // Three layers in float, as for the hidden states; squared and multiplied by residuals of about
            // 5.
            #expect(
                mismatch(result.logits, try golden.floats("\(test.name).logits"), Tolerance(relative: 5e-6))
                    == nil)
            #expect(
                mismatch(result.losses, try golden.floats("\(test.name).losses"), Tolerance(relative: 1e-5))
                    == nil)
            let gradient = model.gradient(parameters, result.hiddenGradient)
            for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
                let expected = try golden.floats("\(test.name).gradient.\(slice.name)")
                #expect(
                    mismatch(
                        Array(gradient[range]), expected, Tolerance(relative: 2e-5), "\(norm): \(slice.name)")
                        == nil)
            }
        }
    }

    @Test("Slices are named by layer and begin at identity and the backbone's norms")
    func slices() throws {
        let model = try AdaptedModel(#"{"method": "hadamard", "norm": "both", "layers": "1"}"#)
        let d = 24
        let own = model.tiny.weights.layers[1]
        let expected: [(String, ParameterKind, [Float])] = [
            ("hadamard.weight", .weight, [Float](repeating: 1, count: d)),
            ("hadamard.bias", .bias, [Float](repeating: 0, count: d)),
            ("attention.norm.weight", .norm, (0..<d).map { own.attentionNorm.scale[$0] }),
            ("attention.norm.bias", .norm, (0..<d).map { own.attentionNorm.shift[$0] }),
            ("output.norm.weight", .norm, (0..<d).map { own.outputNorm.scale[$0] }),
            ("output.norm.bias", .norm, (0..<d).map { own.outputNorm.shift[$0] }),
        ]
        #expect(
            model.layout.slices
                .map { "\($0.name) \($0.kind) \($0.layer ?? -1) \($0.shape) \($0.initial)" }
                == expected.map { name, kind, initial in "layer.1.\(name) \(kind) 1 [\(d)] \(initial)" })
    }
}
