import Adapters
import Encoders
import Formats

/// The names of the backbone's modules in a PEFT file.
struct PEFTModules {
    let family: EncoderFamily
    let weights: EncoderWeights
    /// The text before every name of the backbone, such as `base_model.model.bert.`.
    let prefix: String

    /// The module at a site of a slice's layer, without the prefix; by default at the slice's own site.
    func name(of slice: ParameterSlice, at site: Site? = nil) -> String {
        guard let site = site ?? slice.tensor.site else { return "" }
        return family.tensors.module(at: LayerSite(slice.layer ?? LayerSite.belowLayers, site)) ?? ""
    }

    /// The shortest ends of names that select these modules and no others of the model.
    ///
    /// PEFT selects each module whose name is such an end, or ends with a dot and it.
    func selection(of modules: [String]) -> [String] {
        let chosen = Set(modules)
        let others = all.subtracting(chosen)
        var ends: [String] = []
        for module in modules where !ends.contains(where: { Self.ends(module, $0) }) {
            let parts = module.split(separator: ".")
            let end = (1...parts.count).lazy.map { parts.suffix($0).joined(separator: ".") }
                .first { end in !others.contains { Self.ends($0, end) } }
            ends.append(end ?? module)
        }
        return ends
    }

    /// The tensors of slices whose parts have the given ends of names, each under its module.
    func tensors(_ slices: [ParameterSlice], ends: [String: String]) -> [ForeignAdapter.Tensor] {
        slices.compactMap { slice in
            ends[slice.tensor.part].map {
                ForeignAdapter.Tensor(slice, as: "\(prefix)\(name(of: slice)).\($0)")
            }
        }
    }

    /// The selection as a setting.
    func list(_ modules: [String]) -> JSONValue { .array(selection(of: modules).map { .string($0) }) }

    private static func ends(_ module: String, _ end: String) -> Bool {
        module == end || module.hasSuffix(".\(end)")
    }

    /// Every module with tensors, of the encoder and of the family's classifier.
    private var all: Set<String> {
        let names = family.tensors
        let sites = weights.normSites + weights.linearSites
        let tables = EmbeddingTable.allCases.compactMap { names.table($0) }.map { $0.split(separator: ".") }
        let head = family.classes.head
        return Set(
            sites.compactMap { names.module(at: $0) }
                + tables.map { $0.dropLast().joined(separator: ".") }
                + [head.dense.module, head.output.module] + (names.pooler.map { [$0] } ?? []))
    }
}
