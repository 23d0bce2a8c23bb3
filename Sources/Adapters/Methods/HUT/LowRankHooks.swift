import Encoders
import Kernels

// HUT's form `lowrank`: W [out, in] is computed at the site of the map's input. Backward reaches that site
// after the map, so dW = dyᵀ x is complete there; γ and β act on the output.
//
//   G = dW ⊙ W_0    dM_A = G M_Bᵀ    dM_B = M_Aᵀ G

/// Computes W = W_0 ⊙ (1 + M_A M_B) for each micro-batch.
final class LowRankHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let isTraining: Bool
    private let maps: [LayerSite: UpdatedMap]
    private var owners: [LayerSite: LayerSite] = [:]
    private var outputs: [LayerSite: OutputChange] = [:]
    /// W of each map, in the workspace.
    private var products: [LayerSite: Matrix] = [:]
    /// dW of the map that backward has reached; zero between maps.
    private let gradient: FloatBuffer

    init(_ maps: [LayerSite: UpdatedMap], isTraining: Bool) {
        self.isTraining = isTraining
        self.maps = maps
        for (place, map) in maps {
            guard let input = place.site.input else { continue }
            owners[LayerSite(place.layer, input)] = place
            if map.scale != nil || map.shift != nil {
                outputs[place] = OutputChange(map, s: map.gamma)
            }
        }
        gradient = FloatBuffer(isTraining ? maps.values.map(\.frozen.weight.count).max() ?? 0 : 0)
        lowestTrained = isTraining ? owners.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { owners[place] != nil || outputs[place] != nil }

    func linear(at place: LayerSite) -> TrainedLinear? {
        products[place].map {
            TrainedLinear(
                weight: $0.frozen, weightGradient: isTraining ? gradient.matrix($0.rows, $0.columns) : nil)
        }
    }

    func replacesMap(at place: LayerSite) -> Bool { maps[place] != nil }

    func forward(
        _ value: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        outputs[place]?.forward(value, save: isTraining, workspace)
        guard let owner = owners[place], let map = maps[owner] else { return }
        let product = workspace.matrix(map.frozen.weight.rows, map.frozen.weight.columns)
        map.multiply(into: product)
        products[owner] = product
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        outputs[place]?.backward(dy, workspace) { ds in
            guard let scale = maps[place]?.scale?.gradient else { return }
            for j in 0..<dy.columns { scale[j] += ds[j] }
        }
        guard let owner = owners[place], let map = maps[owner], let dA = map.a.gradientMatrix,
            let dB = map.b.gradientMatrix
        else { return }
        let g = gradient.matrix(map.frozen.weight.rows, map.frozen.weight.columns)
        multiplyElements(of: g, byFrozen: map.frozen.weight)
        multiplyTransposed(g, map.a.matrix, into: dB, accumulate: true)
        transposedMultiply(map.b.matrix, g, into: dA, accumulate: true)
        g.fill(0)
    }
}
