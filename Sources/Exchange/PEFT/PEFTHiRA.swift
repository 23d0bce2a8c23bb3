import Adapters
import Diagnostics
import Encoders
import Formats

//   MODULE.hira_A [r, in]     MODULE.hira_B [out, r]
//
// HiRA (Huang et al., ICLR 2025) computes x (W ⊙ (1 + B A))ᵀ + b: HUT's low rank without γ and β.

/// HUT of low rank as PEFT's HiRA.
enum PEFTHiRA: PEFTEntry {
    static let type = "HIRA"

    private static let halves = [HUT.partA: "hira_A", HUT.partB: "hira_B"]

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: PEFTModules
    ) throws -> ForeignAdapter? {
        guard let method = method as? HUT else { return nil }
        func require(_ condition: Bool, _ key: String, _ difference: String, _ remedy: String) throws {
            if !condition {
                throw Failure.usage(
                    "PEFT's HiRA \(difference)", at: "adapter.\(key)", remedy: "train with \(remedy)")
            }
        }
        try require(
            method.form == .lowRank, "form", "multiplies W by 1 + M_A M_B, not its rows and columns",
            "form: lowrank")
        try require(!method.scale, "scale", "has no output scale (γ)", "scale: false")
        try require(!method.shift, "shift", "has no output shift (β)", "shift: false")
        return ForeignAdapter(
            configuration: [
                ("peft_type", .string(type)), ("r", .integer(method.rank)), ("hira_dropout", .number(0)),
                ("fan_in_fan_out", false),
                ("target_modules", modules.list(slices.map { modules.name(of: $0) })),
            ],
            tensors: modules.tensors(slices, ends: halves))
    }

    static func read(_ settings: JSONSection, _ tensors: PEFTSurvey) throws -> JSONValue {
        try settings.require("fan_in_fan_out", false)
        try settings.require("rank_pattern", .object([]))
        let found = tensors.places(at: Site.linearsOfLayers, with: "hira_A")
        return .object([
            ("method", .string(HUT.name)), ("form", .string(HUT.Form.lowRank.rawValue)),
            ("rank", .integer(try settings.required("r", "a whole number", \.int))), ("scale", false),
            ("shift", false), tensors.targets(of: found),
            tensors.layers(of: found),
        ])
    }
}
