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
                "hut and full both put a W of their own in the place of 'query'"
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
        "Methods that meet at a linear map don't merge; apart they do",
        arguments: [
            (#"[{"method": "lora"}, {"method": "ia3"}]"#, "lora and ia3 both change what 'value' computes"),
            (
                #"[{"method": "hut"}, {"method": "bitfit"}]"#,
                "hut and bitfit both change what 'query' computes"
            ),
            (#"[{"method": "lora", "targets": ["query"]}, {"method": "ia3"}]"#, nil),
            (#"[{"method": "hadamard"}, {"method": "lora"}]"#, nil),
        ] as [(String, String?)])
    func merges(settings: String, reason: String?) throws {
        let found = try AdaptedModel.decode(settings).method.mergeability
        #expect(found == reason.map { .never($0) } ?? .exact)
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
