import Adapters
import Encoders
import Foundation

/// The names of the backbone's modules in a PEFT file.
struct PEFTModules {
    let family: EncoderFamily
    /// The text before every name of the backbone, such as `base_model.model.bert.`.
    let prefix: String

    /// The module at a site of a slice's layer, without the prefix; by default at the slice's own site.
    func name(of slice: ParameterSlice, at site: Site? = nil) -> String {
        guard let site = site ?? slice.tensor.site else { return "" }
        return family.tensors.module(at: LayerSite(slice.layer ?? LayerSite.belowLayers, site)) ?? ""
    }

    /// A regular expression for whole module names: `output.dense` alone would match two maps of a layer.
    static func pattern(_ modules: [String]) -> String {
        var seen: Set<String> = []
        let names = modules.filter { seen.insert($0).inserted }
        return "(.*\\.)?("
            + names.map { $0.replacingOccurrences(of: ".", with: "\\.") }.joined(separator: "|") + ")"
    }
}
