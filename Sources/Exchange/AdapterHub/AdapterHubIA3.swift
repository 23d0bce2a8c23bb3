import Adapters
import Diagnostics
import Encoders
import Formats

//   bert.encoder.layer.N.attention.self.{key, value}.loras.NAME.lora_B [d, 1]
//   bert.encoder.layer.N.intermediate.dense.loras.NAME.lora_B [f, 1]

/// IA3 in AdapterHub's form.
enum AdapterHubIA3: AdapterHubEntry {
    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: AdapterHubModules
    ) throws -> ForeignAdapter? {
        guard let method = method as? IA3 else { return nil }
        if method.feedForward == .activation {
            throw Failure.usage(
                "AdapterHub scales 'intermediate', before the activation, not 'activation'",
                at: "adapter.feedForward", remedy: "train with 'intermediate' or 'none'")
        }
        if method.heads {
            throw Failure.usage(
                "AdapterHub has no scales on the concatenated heads", at: "adapter.heads",
                remedy: "train with heads: false")
        }
        let targets: [LinearTarget] =
            method.feedForward == .intermediate ? [.key, .value, .intermediate] : [.key, .value]
        return ForeignAdapter(
            configuration: AdapterHubLoRASettings.write(
                mode: "scale", rank: 1, alpha: 1, targets, initialization: "ia3")
                + [modules.leftOut(of: method.layers)],
            tensors: slices.map {
                ForeignAdapter.Tensor($0, as: "\(modules.lora($0)).lora_B", shape: [$0.count, 1])
            })
    }

    static func read(
        _ settings: JSONSection, _ tensors: ForeignTensors, _ modules: AdapterHubModules
    ) throws -> [(String, JSONValue)]? {
        guard settings["architecture"] == "lora", settings["composition_mode"] == "scale" else { return nil }
        let targets = try AdapterHubLoRASettings.targets(settings)
        guard targets == [.key, .value] || targets == [.key, .value, .intermediate] else {
            throw Failure.data(
                "scales \(targets.map(\.rawValue).joined(separator: ", ")), which has no counterpart here; "
                    + "expected key, value and perhaps intermediate", at: AdapterHubFolder.configurationName)
        }
        return [
            ("method", .string(IA3.name)),
            ("feedForward", targets.count == 3 ? "intermediate" : "none"),
        ]
    }
}
