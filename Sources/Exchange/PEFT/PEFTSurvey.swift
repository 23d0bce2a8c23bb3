import Adapters
import Encoders
import Formats

/// The places of the backbone for which a PEFT file has tensors.
struct PEFTSurvey {
    let file: ForeignTensors
    let modules: PEFTModules
    let weights: EncoderWeights

    /// The places at some sites of all layers whose module has a tensor with this suffix.
    func places(at sites: [Site], with suffix: String) -> [LayerSite] {
        weights.layers.indices.flatMap { layer in sites.map { LayerSite(layer, $0) } }
            .filter { has($0, suffix) }
    }

    /// Whether the module at a place has a tensor with this suffix.
    func has(_ place: LayerSite, _ suffix: String) -> Bool {
        modules.family.tensors.module(at: place).map { file.has("\(modules.prefix)\($0).\(suffix)") } ?? false
    }

    /// The member `targets` of a section for these places.
    func targets(of places: [LayerSite]) -> (String, JSONValue) {
        let sites = Set(places.map(\.site))
        let targets = LinearTarget.allCases.filter { sites.contains($0.site) }
        return ("targets", .array(targets.map { .string($0.rawValue) }))
    }

    /// The member `layers` of a section for these places.
    func layers(of places: [LayerSite]) -> (String, JSONValue) {
        ("layers", .string(layerText(places.map(\.layer), of: weights.configuration.layers)))
    }
}
