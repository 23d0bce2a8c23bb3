import Diagnostics
import Encoders
import Kernels
import TestSupport

/// Every site of an encoder made trainable, by something that is no method.
///
/// A value site computes w ⊙ value + b, and adds a share of the source where it has one; the other sites get
/// tensors of their own in place of the frozen ones, and a prefix of two rows.
final class TrainableSites: EncoderAdaptation {
    /// One trained tensor: w and b, γ and β, or prefix rows of a place; W, or b of a linear map; an embedding
    /// table.
    struct Tensor: Hashable, Comparable {
        let place: LayerSite
        let part: String
        static func < (left: Tensor, right: Tensor) -> Bool {
            (left.place, left.part) < (right.place, right.part)
        }
    }

    let lowestTrained: LayerSite?
    /// The values of each tensor.
    private(set) var values: [Tensor: GuardedMatrix] = [:]
    /// The gradients that backward added, in the same shapes.
    private(set) var gradients: [Tensor: GuardedMatrix] = [:]
    private var kept: [LayerSite: [Float]] = [:]
    private let acting: Set<Site>
    private static let sourceShare: Float = 0.1

    /// Trains the places from `lowest` up; places below it act with the same values but have no gradient.
    ///
    /// Values start at identity and the frozen tensors, each moved by up to `distance`; without a distance
    /// there is no prefix and no source, which are never identity. No sites stand for those of the backbone's
    /// own tensors.
    init(
        _ weights: EncoderWeights, lowest: LayerSite?, distance: Float = 0,
        acting sites: Set<Site> = Set(Site.allCases)
    ) {
        lowestTrained = lowest
        let own = sites.isEmpty ? Set(Site.norms + Site.linears + [.embeddings]) : sites
        acting = distance == 0 ? own.subtracting([.prefix]) : own
        moves = distance != 0
        let (d, f) = (weights.configuration.hidden, weights.configuration.intermediate)
        func add(_ place: LayerSite, _ part: String, _ rows: Int, _ start: [Float]) {
            let tensor = Tensor(place: place, part: part)
            let random = CounterRandom(seed: 1, .initialization, FNV1a.hash("\(tensor)"))
            values[tensor] = GuardedMatrix(
                start.enumerated().map { $1 + distance * Float(2 * random.uniform(UInt64($0)) - 1) },
                rows: rows)
            gradients[tensor] = GuardedMatrix(rows, start.count / rows, filledWith: 0)
        }
        func copy(_ base: UnsafePointer<Float>, _ count: Int) -> [Float] { (0..<count).map { base[$0] } }
        let pooler = sites.isEmpty ? weights.linearSites.filter { $0.site == .pooler } : []
        for place in Self.places(weights) + pooler where acting.contains(place.site) {
            let width = [.intermediate, .activation].contains(place.site) ? f : d
            if Site.values.contains(place.site) {
                add(
                    place, "vectors", 2,
                    [Float](repeating: 1, count: width) + [Float](repeating: 0, count: width))
            }
            if Site.norms.contains(place.site) {
                let (norm, width) = (weights.norm(at: place), weights.configuration.width(ofNorm: place.site))
                add(place, "vectors", 2, copy(norm.scale, width) + copy(norm.shift, width))
            }
            if let linear = weights.linear(at: place) {
                add(place, "weight", linear.weight.rows, linear.weight.values)
                add(place, "bias", 1, copy(linear.bias, linear.weight.rows))
            }
            if place.site == .prefix { add(place, "vectors", 4, [Float](repeating: 0, count: 4 * d)) }
            if place.site == .embeddings {
                for table in EmbeddingTable.allCases {
                    guard let own = weights.embeddings[table] else { continue }
                    add(place, table.rawValue, own.rows, own.values)
                }
            }
        }
    }

    private let moves: Bool

    /// Every place below the pooler, in the order of the forward pass.
    static func places(_ weights: EncoderWeights) -> [LayerSite] {
        [.embeddings, .embeddingNorm] + (weights.embeddingProjection == nil ? [] : [.embeddingProjection])
            + weights.layers.indices.flatMap { layer in Site.ofLayers.map { LayerSite(layer, $0) } }
    }

    /// The gradient of a tensor of the backbone, by its name in the file without the family's prefix.
    func gradient(ofTensor name: String, in weights: EncoderWeights) -> [Float]? {
        let names = weights.configuration.family.tensors
        if let table = EmbeddingTable.allCases.first(where: { names.table($0) == name }) {
            return gradients[Tensor(place: .embeddings, part: table.rawValue)]?.values
        }
        for place in weights.normSites + weights.linearSites {
            guard let module = names.module(at: place), name.hasPrefix("\(module).") else { continue }
            let part = String(name.dropFirst(module.count + 1))
            if !Site.norms.contains(place.site) { return gradients[Tensor(place: place, part: part)]?.values }
            let both = gradients[Tensor(place: place, part: "vectors")]
            return both.map { $0.view.rows(part == "weight" ? 0..<1 : 1..<2).values }
        }
        return nil
    }

    private func isTrained(_ place: LayerSite) -> Bool { lowestTrained.map { place >= $0 } ?? false }

    private func tensor(_ place: LayerSite, _ part: String) -> (value: FrozenMatrix, gradient: Matrix?)? {
        let tensor = Tensor(place: place, part: part)
        guard let value = values[tensor], let gradient = gradients[tensor] else { return nil }
        return (value.view.frozen, isTrained(place) ? gradient.view : nil)
    }

    func acts(at place: LayerSite) -> Bool {
        Site.values.contains(place.site) && tensor(place, "vectors") != nil
    }

    func forward(
        _ value: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let own = tensor(place, "vectors") else { return }
        kept[place] = value.values
        let read = source.values
        scaleAndShift(value, by: own.value.row(0), own.value.row(1))
        guard moves, source.base != value.base else { return }
        for r in 0..<value.rows {
            for c in 0..<value.columns {
                value[r, c] += Self.sourceShare * read[r * source.columns + c % source.columns]
            }
        }
    }

    func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let own = tensor(place, "vectors"), let value = kept[place] else { return }
        if moves, let sourceGradient {
            for r in 0..<gradient.rows {
                for c in 0..<gradient.columns {
                    sourceGradient[r, c % sourceGradient.columns] += Self.sourceShare * gradient[r, c]
                }
            }
        }
        scaleAndShiftBackward(
            gradient, x: GuardedMatrix(value, rows: gradient.rows).view, w: own.value.row(0),
            dw: own.gradient?.row(0), db: own.gradient?.row(1))
    }

    func norm(at place: LayerSite) -> TrainedNorm? {
        tensor(place, "vectors").map {
            TrainedNorm(
                scale: $0.value.row(0), shift: $0.value.row(1), scaleGradient: $0.gradient?.row(0),
                shiftGradient: $0.gradient?.row(1))
        }
    }

    func linear(at place: LayerSite) -> TrainedLinear? {
        guard let weight = tensor(place, "weight"), let bias = tensor(place, "bias") else { return nil }
        return TrainedLinear(
            weight: weight.value, bias: bias.value.base, weightGradient: weight.gradient,
            biasGradient: bias.gradient?.base)
    }

    func prefix(in layer: Int) -> TrainedPrefix? {
        tensor(LayerSite(layer, .prefix), "vectors").map {
            TrainedPrefix(
                keys: $0.value.rows(0..<2), values: $0.value.rows(2..<4),
                keyGradient: $0.gradient?.rows(0..<2), valueGradient: $0.gradient?.rows(2..<4))
        }
    }

    var embeddings: TrainedEmbeddings? {
        EmbeddingTables { tensor(.embeddings, $0.rawValue)?.value }.map { tables in
            TrainedEmbeddings(
                tables, gradients: EmbeddingTables { tensor(.embeddings, $0.rawValue)?.gradient })
        }
    }
}
