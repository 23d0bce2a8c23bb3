import Adapters
import Formats

/// The settings of AdapterHub's architecture `lora`, which LoRA and IA3 share.
enum AdapterHubLoRASettings {
    private static let letters: [(letter: String, target: LinearTarget)] = [
        ("q", .query), ("k", .key), ("v", .value),
    ]

    static func write(
        mode: String, rank: Int, alpha: Double, _ targets: [LinearTarget], initialization: String
    ) -> [(String, JSONValue)] {
        let attention = targets.compactMap { target in letters.first { $0.target == target }?.letter }
        return [
            ("architecture", "lora"), ("composition_mode", .string(mode)), ("r", .integer(rank)),
            ("alpha", .number(alpha)), ("attn_matrices", .array(attention.map { .string($0) })),
            ("selfattn_lora", .bool(!attention.isEmpty)),
            ("intermediate_lora", .bool(targets.contains(.intermediate))),
            ("output_lora", .bool(targets.contains(.output))), ("dropout", .number(0)),
            ("init_weights", .string(initialization)), ("use_gating", false), ("use_dora", false),
            ("vera_b", .null), ("vera_d", .null),
        ]
    }

    /// The linear maps; variants such as DoRA and VeRA are failures.
    static func targets(_ settings: JSONSection) throws -> [LinearTarget] {
        try settings.require("use_dora", false)
        for key in ["vera_b", "vera_d"] { try settings.require(key, .null) }
        let given = try settings.required("attn_matrices", "a list of q, k, v") {
            $0.array?.compactMap(\.string)
        }
        let attention = letters.filter { given.contains($0.letter) }.map(\.target)
        return (settings["selfattn_lora"] == false ? [] : attention)
            + (settings["intermediate_lora"] == true ? [.intermediate] : [])
            + (settings["output_lora"] == true ? [.output] : [])
    }
}
