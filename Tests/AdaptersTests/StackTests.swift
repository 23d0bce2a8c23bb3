import Adapters
import Diagnostics
import TestSupport
import Testing

@Suite("Stacked methods")
struct StackTests {
    @Test(
        "Methods that would train or replace the same tensor are refused by their names",
        arguments: [
            (
                #"[{"method": "hadamard"}, {"method": "layernorm"}]"#,
                "hadamard and layernorm both train 'layer.0.attention.norm.weight'"
            ),
            (
                #"[{"method": "lora"}, {"method": "lora", "rank": 2}]"#,
                "lora and lora both train 'layer.0.lora.query.a.weight'"
            ),
            (
                #"[{"method": "hut", "form": "lowrank"}, {"method": "full"}]"#,
                "hut and full both replace the weights of 'query'"
            ),
        ])
    func refuses(settings: String, message: String) throws {
        let weights = try TinyModel().weights
        let method = try AdaptedModel.decode(settings).method
        let failure = #expect(throws: Failure.self) { try method.slices(on: weights, seed: 1) }
        #expect(failure?.message == message)
        #expect(failure?.kind == .usage && failure?.location == "adapter")
    }

    @Test(
        "Methods that share a linear map of a layer don't merge; others do",
        arguments: [
            (#"[{"method": "lora"}, {"method": "ia3"}]"#, "lora and ia3 both change what 'value' computes"),
            (
                #"[{"method": "hut"}, {"method": "bitfit"}]"#,
                "hut and bitfit both change what 'query' computes"
            ),
            (#"[{"method": "lora", "targets": ["query"]}, {"method": "ia3"}]"#, nil),
            (#"[{"method": "hadamard"}, {"method": "lora"}]"#, nil),
            (#"[{"method": "lora", "layers": "0"}, {"method": "lora", "layers": "1-2"}]"#, nil),
            (
                #"[{"method": "lora", "layers": "0-1"}, {"method": "lora", "layers": "1,2"}]"#,
                "lora and lora both change what 'query' computes"
            ),
        ] as [(String, String?)])
    func merges(settings: String, reason: String?) throws {
        let found = try AdaptedModel.decode(settings).method.mergeability
        #expect(found == reason.map { .never($0) } ?? .exact)
    }

    @Test(
        "Two methods of one kind act on their own layers alone: as one of them does on all",
        arguments: [
            #"{"method": "lora", "rank": 2}"#, #"{"method": "hadamard", "norm": "both"}"#,
            #"{"method": "ia3", "heads": true}"#, #"{"method": "hut"}"#,
            #"{"method": "hut", "form": "lowrank", "rank": 2}"#,
            #"{"method": "layernorm"}"#, #"{"method": "prefix", "length": 3}"#,
            #"{"method": "pfeiffer", "bottleneck": 4}"#, #"{"method": "tiny-attention"}"#,
        ])
    func oneKindTwice(settings: String) throws {
        func part(_ layers: String) -> String { "\(settings.dropLast()), \"layers\": \"\(layers)\"}" }
        let one = try AdaptedModel(settings)
        let two = try AdaptedModel("[\(part("0")), \(part("1-2"))]")
        try #require(two.layout.slices == one.layout.slices)
        let parameters = one.parameters(movedBy: 0.2)
        #expect(differingBits(two.outputs(parameters), one.outputs(parameters)) == nil)
        let expected = one.gradient(parameters, one.upstream)
        #expect(differingBits(two.gradient(parameters, two.upstream), expected) == nil)
        #expect(two.method.mergeability == one.method.mergeability)
        if one.method.mergeability == .exact {
            #expect(differingBits(two.mergedOutputs(parameters), one.mergedOutputs(parameters)) == nil)
        }
    }

    @Test("Two LoRAs on different layers each have their own scale")
    func ownScales() throws {
        let one = try AdaptedModel(#"{"method": "lora", "rank": 2, "alpha": 8}"#)
        let two = try AdaptedModel(
            #"[{"method": "lora", "rank": 2, "alpha": 8, "layers": "0"}, "#
                + #"{"method": "lora", "rank": 2, "alpha": 4, "layers": "1-2"}]"#)
        /// Multiplies B of the second one's layers; by a power of two, which is exact.
        func scaled(_ values: [Float], by factor: Float) -> [Float] {
            var values = values
            for (slice, range) in zip(two.layout.slices, two.layout.ranges)
            where slice.tensor.part == LoRA.partB && slice.layer != 0 {
                for index in range { values[index] *= factor }
            }
            return values
        }
        // s B is the same number with half the scale and twice the B.
        let parameters = one.parameters(movedBy: 0.2)
        let doubled = scaled(parameters, by: 2)
        #expect(differingBits(two.outputs(doubled), one.outputs(parameters)) == nil)
        #expect(differingBits(two.mergedOutputs(doubled), one.mergedOutputs(parameters)) == nil)
        let expected = scaled(one.gradient(parameters, one.upstream), by: 0.5)
        #expect(differingBits(two.gradient(doubled, two.upstream), expected) == nil)
    }

    @Test("An empty list, or an unknown method in one, is refused with its place")
    func mistakes() {
        let empty = #expect(throws: Failure.self) { try AdaptedModel.decode("[]") }
        #expect(empty?.message == "is an empty list")
        let unknown = #expect(throws: Failure.self) {
            try AdaptedModel.decode(#"[{"method": "hadamard"}, {"method": "lara"}]"#)
        }
        #expect(unknown?.message == "unknown method 'lara'")
        #expect(unknown?.remedy == "did you mean 'lora'?")
    }
}
