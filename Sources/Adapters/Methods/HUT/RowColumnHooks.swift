import Encoders
import Kernels

// HUT's form `rowcolumn`, without computing W:
//
//   x' = x ⊙ p    z = x' W_0    y = γ ⊙ q ⊙ z + b_0 + β        dp = Σ_t dx' ⊙ x    dx = dx' ⊙ p
//   ds = Σ_t dy ⊙ z with s = γ ⊙ q:  dγ = ds ⊙ q    dq = ds ⊙ γ    dM_A[i, k] = dp_i    dM_B[k, j] = dq_j

/// Scales the rows and columns of W_0 by scaling the map's input and output.
final class RowColumnHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let isTraining: Bool
    private var inputs: [LayerSite: (map: UpdatedMap, p: [Float])] = [:]
    private var outputs: [LayerSite: (map: UpdatedMap, change: OutputChange)] = [:]
    /// x [T, in], before it was scaled.
    private var saved: [LayerSite: Matrix] = [:]

    init(_ maps: [LayerSite: UpdatedMap], isTraining: Bool) {
        self.isTraining = isTraining
        for (place, map) in maps {
            guard let input = place.site.input else { continue }
            inputs[LayerSite(place.layer, input)] = (map, map.inputScale)
            outputs[place] = (map, OutputChange(map, s: map.outputScale))
        }
        lowestTrained = isTraining ? inputs.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { inputs[place] != nil || outputs[place] != nil }

    func forward(
        _ value: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        outputs[place]?.change.forward(value, save: isTraining, workspace)
        guard let input = inputs[place] else { return }
        if isTraining { saved[place] = workspace.copy(of: value) }
        Kernels.scale(value, by: input.p)
    }

    func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        if let (map, change) = outputs[place], let dB = map.b.gradientMatrix {
            let (gamma, q) = (map.gamma, map.columnSums)
            change.backward(gradient, workspace) { ds in
                for j in 0..<dB.rows {
                    map.scale?.gradient?[j] += ds[j] * q[j]
                    for k in 0..<dB.columns { dB[j, k] += ds[j] * gamma[j] }
                }
            }
        }
        guard let (map, p) = inputs[place], let dA = map.a.gradientMatrix else { return }
        guard let x = saved[place] else { preconditionFailure("no saved forward") }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let dp = workspace.matrix(1, p.count)
        dp.fill(0)
        scaleAndShiftBackward(gradient, x: x, w: p, dw: dp.base, db: nil)
        for k in 0..<dA.rows { add(dp, to: dA.rows(k..<k + 1)) }
    }
}
