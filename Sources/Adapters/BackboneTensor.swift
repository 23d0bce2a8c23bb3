import Encoders
import Kernels

/// A tensor of the backbone that a method trains a copy of, starting from the backbone's values.
///
/// Its name in layouts and files says what it stands in for, so all methods that train it mean the same.
enum BackboneTensor {
    /// W or γ, or b or β.
    enum Part: String, CaseIterable { case weight, bias }

    /// γ or β at a norm site.
    static func norm(_ place: Place, _ part: Part, of weights: EncoderWeights) -> ParameterSlice {
        let own = weights.norm(at: place)
        return slice(
            place, part, .norm, shape: [weights.configuration.hidden],
            part == .weight ? own.scale : own.shift, weights)
    }

    /// γ and β at a norm site.
    static func norm(_ place: Place, of weights: EncoderWeights) -> [ParameterSlice] {
        Part.allCases.map { norm(place, $0, of: weights) }
    }

    /// W or b at a linear site; nothing where the backbone has no such map.
    static func linear(_ place: Place, _ part: Part, of weights: EncoderWeights) -> ParameterSlice? {
        guard let own = weights.linear(at: place) else { return nil }
        switch part {
        case .weight:
            return slice(
                place, part, .weight, shape: [own.weight.rows, own.weight.columns],
                UnsafePointer(own.weight.base), weights)
        case .bias:
            return slice(place, part, .bias, shape: [own.weight.rows], own.bias, weights)
        }
    }

    /// An embedding table; nil if the backbone has none of its kind.
    static func table(_ table: EmbeddingTable, of weights: EncoderWeights) -> ParameterSlice? {
        guard let own = weights.embeddings[table] else { return nil }
        return ParameterSlice(
            name: name(table), kind: .weight, layer: nil, shape: [own.rows, own.columns],
            start: .backbone(FrozenValues(UnsafePointer(own.base), own.count, of: weights)))
    }

    private static func slice(
        _ place: Place, _ part: Part, _ kind: ParameterKind, shape: [Int], _ base: UnsafePointer<Float>,
        _ weights: EncoderWeights
    ) -> ParameterSlice {
        let isOfLayer = (0..<weights.configuration.layers).contains(place.layer)
        return ParameterSlice(
            name: name(place, part), kind: kind, layer: isOfLayer ? place.layer : nil, shape: shape,
            start: .backbone(FrozenValues(base, shape.reduce(1, *), of: weights)))
    }

    static func name(_ table: EmbeddingTable) -> String { "embeddings.\(table.rawValue)" }

    static func name(_ place: Place, _ part: Part) -> String {
        switch place.site {
        case .embeddingNorm: "embeddings.norm.\(part.rawValue)"
        case .pooler: "pooler.\(part.rawValue)"
        case .attentionNorm: "layer.\(place.layer).attention.norm.\(part.rawValue)"
        case .outputNorm: "layer.\(place.layer).output.norm.\(part.rawValue)"
        default: "layer.\(place.layer).\(place.site).\(part.rawValue)"
        }
    }
}

/// Lets every tensor of the backbone that is among the parameters stand in for the frozen one.
final class RetrainedBackbone: EncoderAdaptation {
    let lowestTrained: Place?
    let embeddings: TrainedEmbeddings?
    private var norms: [Place: TrainedNorm] = [:]
    private var linears: [Place: TrainedLinear] = [:]

    init(_ parameters: BoundParameters, on weights: EncoderWeights) {
        for place in weights.normPlaces {
            let scale = parameters[BackboneTensor.name(place, .weight)]
            let shift = parameters[BackboneTensor.name(place, .bias)]
            if scale == nil, shift == nil { continue }
            let frozen = weights.norm(at: place)
            norms[place] = TrainedNorm(
                scale: scale?.value ?? frozen.scale, shift: shift?.value ?? frozen.shift,
                scaleGradient: scale?.gradient, shiftGradient: shift?.gradient)
        }
        for place in weights.linearPlaces {
            let weight = parameters[BackboneTensor.name(place, .weight)]
            let bias = parameters[BackboneTensor.name(place, .bias)]
            if weight == nil, bias == nil { continue }
            linears[place] = TrainedLinear(
                weight: weight?.matrix, bias: bias?.value, weightGradient: weight?.gradientMatrix,
                biasGradient: bias?.gradient)
        }
        func table(_ table: EmbeddingTable) -> BoundTensor? { parameters[BackboneTensor.name(table)] }
        if let words = table(.words), let positions = table(.positions) {
            let segments = table(.segments)
            var gradients: EmbeddingTables?
            if let w = words.gradientMatrix, let p = positions.gradientMatrix {
                gradients = EmbeddingTables(words: w, positions: p, segments: segments?.gradientMatrix)
            }
            embeddings = TrainedEmbeddings(
                EmbeddingTables(
                    words: words.matrix, positions: positions.matrix, segments: segments?.matrix),
                gradients: gradients)
        } else {
            embeddings = nil
        }
        var places = Array(norms.keys) + Array(linears.keys)
        if embeddings != nil { places.append(Place(Place.belowLayers, .embeddings)) }
        lowestTrained = parameters.isTraining ? places.min() : nil
    }

    func norm(at place: Place) -> TrainedNorm? { norms[place] }
    func linear(at place: Place) -> TrainedLinear? { linears[place] }

    /// Copies the trained tensors over the merged backbone's.
    static func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        func copy(_ tensor: BoundTensor?, to base: UnsafeMutablePointer<Float>) {
            if let tensor { base.update(from: tensor.value, count: tensor.count) }
        }
        for place in merged.weights.normPlaces {
            let own = merged.norm(at: place)
            copy(parameters[BackboneTensor.name(place, .weight)], to: own.scale)
            copy(parameters[BackboneTensor.name(place, .bias)], to: own.shift)
        }
        for place in merged.weights.linearPlaces {
            guard let own = merged.linear(at: place) else { continue }
            copy(parameters[BackboneTensor.name(place, .weight)], to: own.weight.base)
            copy(parameters[BackboneTensor.name(place, .bias)], to: own.bias)
        }
        for table in EmbeddingTable.allCases {
            guard let own = merged.weights.embeddings[table] else { continue }
            copy(parameters[BackboneTensor.name(table)], to: own.base)
        }
    }
}
