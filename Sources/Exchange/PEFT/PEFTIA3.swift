import Adapters
import Diagnostics
import Encoders
import Formats

//   MODULE.ia3_l [out, 1] if the module's output is scaled, [1, in] if its input is
//
// A value is scaled under the name of a linear map: the one that computes it, or the one that reads it.

/// IA3 in PEFT's form.
enum PEFTIA3: PEFTEntry {
    static let type = "IA3"

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: PEFTModules
    ) throws -> ForeignAdapter? {
        guard let method = method as? IA3 else { return nil }
        if method.feedForward == .intermediate {
            throw Failure.usage(
                "PEFT scales the input of a feed-forward map, not 'intermediate'",
                at: "adapter.feedForward", remedy: "train with 'activation' or 'none'")
        }
        func reader(_ slice: ParameterSlice) -> Site? { slice.tensor.site.flatMap { IA3.reader(of: $0) } }
        func module(_ slice: ParameterSlice) -> String { modules.name(of: slice, at: reader(slice)) }
        let outputs = slices.filter { reader($0) == nil }.map(module)
        // An element of both lists scales inputs.
        let inputNames = modules.selection(of: slices.filter { reader($0) != nil }.map(module))
        return ForeignAdapter(
            configuration: [
                ("peft_type", .string(type)), ("fan_in_fan_out", false),
                ("target_modules", .array((modules.selection(of: outputs) + inputNames).map { .string($0) })),
                ("feedforward_modules", .array(inputNames.map { .string($0) })),
            ],
            tensors: slices.map { slice in
                ForeignAdapter.Tensor(
                    slice, as: "\(modules.prefix)\(module(slice)).ia3_l",
                    shape: reader(slice) == nil ? [slice.count, 1] : [1, slice.count])
            })
    }

    static func read(_ settings: JSONSection, _ tensors: PEFTSurvey) -> JSONValue {
        let found = tensors.places(at: [.key, .value, .projection, .output], with: "ia3_l")
        let sites = Set(found.map(\.site))
        return .object([
            ("method", .string(IA3.name)),
            ("feedForward", sites.contains(.output) ? "activation" : "none"),
            ("heads", .bool(sites.contains(.projection))), tensors.layers(of: found),
        ])
    }
}
