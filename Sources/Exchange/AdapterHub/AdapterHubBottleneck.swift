import Adapters
import Diagnostics
import Encoders
import Formats
import Kernels

//   bert.encoder.layer.N[.attention].output.adapters.NAME.adapter_down.0.{weight, bias}
//   bert.encoder.layer.N[.attention].output.adapters.NAME.adapter_up.{weight, bias}
//
// AdapterHub applies its bottlenecks after dropout, Hadamesh before: without dropout there is no difference.

/// Houlsby, Pfeiffer and parallel bottlenecks in AdapterHub's form.
enum AdapterHubBottleneck: AdapterHubEntry {
    private static let parts = [
        "down.weight": "adapter_down.0.weight", "down.bias": "adapter_down.0.bias",
        "up.weight": "adapter_up.weight", "up.bias": "adapter_up.bias",
    ]

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: AdapterHubModules
    ) throws -> ForeignAdapter? {
        guard let method = method as? any BottleneckMethod else { return nil }
        try requireExpressible(method)
        let settings = method.bottleneck
        let factor = Double(modules.weights.configuration.hidden) / Double(settings.bottleneck)
        return ForeignAdapter(
            configuration: [
                ("mh_adapter", .bool(method is Houlsby)), ("output_adapter", true),
                ("is_parallel", .bool(method is Parallel)),
                ("non_linearity", .string(settings.activation.rawValue)),
                ("reduction_factor", .number(factor)), ("scaling", .number(settings.scale)),
                ("original_ln_before", .bool(settings.reads == .normalized)), ("original_ln_after", true),
                ("ln_before", false), ("ln_after", false), ("residual_before_ln", true),
                ("adapter_residual_before_ln", false), ("init_weights", "bert"), ("use_gating", false),
                ("dropout", .number(0)), ("phm_layer", false), ("inv_adapter", .null),
                ("cross_adapter", false), modules.leftOut(of: settings.layers),
            ],
            tensors: slices.compactMap { slice in
                parts[slice.tensor.part].map {
                    let module = modules.bottleneck(layer: slice.layer ?? 0, slice.tensor.site)
                    return ForeignAdapter.Tensor(slice, as: "\(module).\($0)")
                }
            })
    }

    private static func requireExpressible(_ method: any BottleneckMethod) throws {
        let settings = method.bottleneck
        if (settings.reads == .input) != (method is Parallel) {
            throw Failure.usage(
                "AdapterHub's \(type(of: method).name) does not read '\(settings.reads.rawValue)'",
                at: "adapter.reads", remedy: "parallel reads 'input', the others 'output' or 'normalized'")
        }
        if settings.norm != .none {
            throw Failure.usage(
                "AdapterHub keeps the backbone's LayerNorms frozen, this adapter trained "
                    + "'\(settings.norm.rawValue)'", at: "adapter.norm", remedy: "train with norm: none")
        }
        if settings.inputNorm {
            throw Failure.usage(
                "AdapterHub's input LayerNorm differs from this one", at: "adapter.inputNorm",
                remedy: "train with inputNorm: false")
        }
    }

    /// The entry for all settings without `architecture: lora`.
    static func read(
        _ settings: JSONSection, _ tensors: ForeignTensors, _ modules: AdapterHubModules
    ) throws -> [(String, JSONValue)]? {
        if settings["architecture"] == "lora" { return nil }
        // Keys that change the computation, with the only values that have a counterpart.
        try settings.require("original_ln_after", true)
        try settings.require("residual_before_ln", true)
        for key in ["ln_before", "ln_after", "phm_layer", "cross_adapter", "adapter_residual_before_ln"] {
            try settings.require(key, false)
        }
        try settings.require("inv_adapter", .null)
        try settings.require("output_adapter", true)
        let isHoulsby = settings["mh_adapter"] == true
        let isParallel = settings["is_parallel"] == true
        if isHoulsby && isParallel { try settings.require("is_parallel", false) }
        if isParallel { try settings.require("original_ln_before", false) }
        let reads: SubLayerValue =
            isParallel ? .input : settings["original_ln_before"] == true ? .normalized : .output
        // The width is read from a matrix: `reduction_factor` may have been rounded.
        let layer = try modules.layers(settings).first ?? 0
        let down = "\(modules.bottleneck(layer: layer, .output)).adapter_down.0.weight"
        guard tensors.has(down) else {
            throw Failure.data("tensor '\(down)' is missing", at: AdapterHubFolder.configurationName)
        }
        return [
            ("method", .string(isHoulsby ? Houlsby.name : isParallel ? Parallel.name : Pfeiffer.name)),
            ("bottleneck", .integer(try tensors.shape(down, dimensions: 2)[0])),
            ("activation", .string(try settings.required("non_linearity", "a name", \.string))),
            ("scale", .number(settings["scaling"]?.double ?? 1)), ("reads", .string(reads.rawValue)),
            ("norm", "none"),
        ]
    }
}
