import Adapters
import Diagnostics
import Encoders
import Formats

//   MODULE.ln_tuning_layers.weight, .bias [d]

/// LayerNorm tuning in PEFT's form.
enum PEFTLayerNorm: PEFTEntry {
    static let type = "LN_TUNING"

    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: PEFTModules
    ) -> ForeignAdapter? {
        guard method is LayerNormTuning else { return nil }
        return ForeignAdapter(
            configuration: [
                ("peft_type", .string(type)),
                ("target_modules", modules.list(slices.map { modules.name(of: $0) })),
            ],
            tensors: slices.map { slice in
                let module = modules.name(of: slice)
                return ForeignAdapter.Tensor(
                    slice, as: "\(modules.prefix)\(module).ln_tuning_layers.\(slice.tensor.part)")
            })
    }

    static func read(_ settings: JSONSection, _ tensors: PEFTSurvey) -> JSONValue {
        let suffix = "ln_tuning_layers.weight"
        let found = tensors.places(at: [.attentionNorm, .outputNorm], with: suffix)
        let norm =
            TrainedNorms.allCases.first { Set($0.sites) == Set(found.map(\.site)) } ?? TrainedNorms.none
        let hasEmbeddings = tensors.has(LayerSite(LayerSite.belowLayers, .embeddingNorm), suffix)
        return .object([
            ("method", .string(LayerNormTuning.name)), ("norm", .string(norm.rawValue)),
            ("embeddings", .bool(hasEmbeddings)), tensors.layers(of: found),
        ])
    }
}
