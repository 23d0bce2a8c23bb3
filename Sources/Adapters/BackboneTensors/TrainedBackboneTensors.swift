import Encoders
import Kernels

/// The hooks that replace frozen tensors of the backbone by the trained ones among the parameters.
final class TrainedBackboneTensors: EncoderAdaptation {
    let lowestTrained: LayerSite?
    let embeddings: TrainedEmbeddings?
    private var norms: [LayerSite: TrainedNorm] = [:]
    private var linears: [LayerSite: TrainedLinear] = [:]

    init(_ parameters: BoundParameters, on weights: EncoderWeights) {
        for place in weights.normSites {
            let scale = parameters[BackboneTensor.name(place, .weight)]
            let shift = parameters[BackboneTensor.name(place, .bias)]
            if scale == nil, shift == nil { continue }
            let frozen = weights.norm(at: place)
            norms[place] = TrainedNorm(
                scale: scale?.value ?? frozen.scale, shift: shift?.value ?? frozen.shift,
                scaleGradient: scale?.gradient, shiftGradient: shift?.gradient)
        }
        for place in weights.linearSites {
            let weight = parameters[BackboneTensor.name(place, .weight)]
            let bias = parameters[BackboneTensor.name(place, .bias)]
            if weight == nil, bias == nil { continue }
            linears[place] = TrainedLinear(
                weight: weight?.matrix, bias: bias?.value, weightGradient: weight?.gradientMatrix,
                biasGradient: bias?.gradient)
        }
        func table(_ table: EmbeddingTable) -> BoundTensor? { parameters[BackboneTensor.name(table)] }
        embeddings = EmbeddingTables { table($0)?.matrix }.map { tables in
            TrainedEmbeddings(tables, gradients: EmbeddingTables { table($0)?.gradientMatrix })
        }
        var places = Array(norms.keys) + Array(linears.keys)
        if embeddings != nil { places.append(LayerSite(LayerSite.belowLayers, .embeddings)) }
        lowestTrained = parameters.isTraining ? places.min() : nil
    }

    func norm(at place: LayerSite) -> TrainedNorm? { norms[place] }
    func linear(at place: LayerSite) -> TrainedLinear? { linears[place] }

    /// Copies the trained tensors into a merged backbone.
    static func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        func copy(_ tensor: BoundTensor?, to base: UnsafeMutablePointer<Float>) {
            if let tensor { base.update(from: tensor.value, count: tensor.count) }
        }
        for place in merged.weights.normSites {
            let own = merged.norm(at: place)
            copy(parameters[BackboneTensor.name(place, .weight)], to: own.scale)
            copy(parameters[BackboneTensor.name(place, .bias)], to: own.shift)
        }
        for place in merged.weights.linearSites {
            guard let own = merged.linear(at: place) else { continue }
            copy(parameters[BackboneTensor.name(place, .weight)], to: own.weight.base)
            copy(parameters[BackboneTensor.name(place, .bias)], to: own.bias)
        }
        for table in EmbeddingTable.allCases {
            guard let own = merged.table(table) else { continue }
            copy(parameters[BackboneTensor.name(table)], to: own.base)
        }
    }
}
