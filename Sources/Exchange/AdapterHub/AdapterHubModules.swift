import Adapters
import Encoders
import Formats

/// The names of an adapter's modules in AdapterHub's files, and the layers that have them.
struct AdapterHubModules {
    /// The adapter's name, which is part of its modules' names.
    let adapter: String
    let weights: EncoderWeights

    /// The member of the configuration with the layers without the adapter.
    func leftOut(of layers: LayerSet) -> (String, JSONValue) {
        let left = weights.layers.indices.filter { !layers.contains($0) }
        return ("leave_out", .array(left.map { .integer($0) }))
    }

    /// The layers with the adapter.
    func layers(_ settings: JSONSection) throws -> [Int] {
        let out =
            try settings.optional("leave_out", "a list of layers") { $0.array?.compactMap(\.int) } ?? []
        return weights.layers.indices.filter { !out.contains($0) }
    }

    /// The module of LoRA and IA3 at the linear map of a slice's site.
    func lora(_ slice: ParameterSlice) -> String {
        guard let site = slice.tensor.site, let layer = slice.layer,
            let module = names.module(at: LayerSite(layer, site))
        else { preconditionFailure("LoRA and IA3 act at linear maps of a layer") }
        return "\(names.prefix)\(module).loras.\(adapter)"
    }

    /// The module of a bottleneck after the attention (`projection`) or after the feed-forward layer.
    func bottleneck(layer: Int, _ site: Site?) -> String {
        let modules = weights.configuration.family.classes.bottlenecks
        let module = site == .projection ? modules.attention : modules.output
        return "\(names.prefix)\(names.layers)\(layer).\(module).adapters.\(adapter)"
    }

    private var names: TensorNames { weights.configuration.family.tensors }
}
