import Adapters
import Diagnostics
import Encoders
import Formats

//   bert.encoder.layer.N.attention.self.{query, key, value}.loras.NAME.lora_A [r, in], lora_B [out, r]
//   bert.encoder.layer.N.intermediate.dense.loras.NAME.…
//
// The architecture `lora` is LoRA if `composition_mode` is `add`, and IA3 if it is `scale`: IA3's scales are
// a lora_B of rank 1, [out, 1].

/// LoRA in AdapterHub's form.
enum AdapterHubLoRA: AdapterHubEntry {
    private static let halves = [LoRA.partA: "lora_A", LoRA.partB: "lora_B"]

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: AdapterHubModules
    ) throws -> ForeignAdapter? {
        guard let method = method as? LoRA else { return nil }
        let targets = method.targets.listed
        if let target = targets.first(where: { $0 == .projection }) {
            throw Failure.usage(
                "AdapterHub has no LoRA on '\(target.rawValue)'", at: "adapter.targets",
                remedy: "it has query, key, value, intermediate and output")
        }
        return ForeignAdapter(
            configuration: AdapterHubLoRASettings.write(
                mode: "add", rank: method.rank, alpha: method.alpha, targets, initialization: "lora")
                + [modules.leftOut(of: method.layers)],
            tensors: slices.compactMap { slice in
                halves[slice.tensor.part].map {
                    ForeignAdapter.Tensor(slice, as: "\(modules.lora(slice)).\($0)")
                }
            })
    }

    static func read(
        _ settings: JSONSection, _ tensors: ForeignTensors, _ modules: AdapterHubModules
    ) throws -> [(String, JSONValue)]? {
        guard settings["architecture"] == "lora", settings["composition_mode"] != "scale" else { return nil }
        let targets = try AdapterHubLoRASettings.targets(settings)
        return [
            ("method", .string(LoRA.name)),
            ("rank", .integer(try settings.required("r", "a whole number", \.int))),
            ("alpha", .number(try settings.required("alpha", "a number", \.double))),
            ("targets", .array(targets.map { .string($0.rawValue) })),
        ]
    }
}
