import Adapters
import Diagnostics
import Encoders
import Formats

//   MODULE.lora_A.weight [r, in]     MODULE.lora_B.weight [out, r]

/// LoRA in PEFT's form.
enum PEFTLoRA: PEFTEntry {
    static let type = "LORA"

    private static let halves = [LoRA.partA: "lora_A.weight", LoRA.partB: "lora_B.weight"]

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: PEFTModules
    ) -> ForeignAdapter? {
        guard let method = method as? LoRA else { return nil }
        return ForeignAdapter(
            configuration: [
                ("peft_type", .string(type)), ("r", .integer(method.rank)),
                ("lora_alpha", .number(method.alpha)), ("lora_dropout", .number(0)), ("bias", "none"),
                ("fan_in_fan_out", false),
                ("target_modules", modules.list(slices.map { modules.name(of: $0) })),
            ],
            tensors: modules.tensors(slices, ends: halves))
    }

    static func read(_ settings: JSONSection, _ tensors: PEFTSurvey) throws -> JSONValue {
        for key in ["use_dora", "use_rslora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora"] {
            try settings.require(key, false)
        }
        try settings.require("bias", "none")
        // The other starts replace the weight to which A and B are added.
        try settings.require(
            "init_lora_weights", true, false, "gaussian", "eva", "orthogonal",
            remedy: "convert it in PEFT: save_pretrained(..., path_initial_model_for_weight_conversion=...)")
        for key in [
            "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config", "velora_config",
        ] { try settings.require(key) }
        for key in ["rank_pattern", "alpha_pattern"] { try settings.require(key, .object([])) }
        let found = tensors.places(at: Site.linearsOfLayers, with: "lora_A.weight")
        return .object([
            ("method", .string(LoRA.name)),
            ("rank", .integer(try settings.required("r", "a whole number", \.int))),
            ("alpha", .number(try settings.required("lora_alpha", "a number", \.double))),
            tensors.targets(of: found), tensors.layers(of: found),
        ])
    }
}
