import Encoders
import Kernels

extension HUT {
    // rowcolumn, without ever making W:
    //
    //   x' = x ⊙ p    z = x' W_0    y = γ ⊙ q ⊙ z + b_0 + β        dp = Σ_t dx' ⊙ x    dx = dx' ⊙ p
    //   ds = Σ_t dy ⊙ z with s = γ ⊙ q:  dγ = ds ⊙ q    dq = ds ⊙ γ    dM_A[i, k] = dp_i    dM_B[k, j] = dq_j

    /// Rows and columns of W_0 scaled, as scales of the map's input and output.
    final class RowsAndColumns: EncoderAdaptation {
        let lowestTrained: Place?
        private let isTraining: Bool
        private var inputs: [Place: (map: UpdatedMap, p: [Float])] = [:]
        private var outputs: [Place: (map: UpdatedMap, change: OutputChange)] = [:]
        /// x [T, in], as it was before it was scaled.
        private var kept: [Place: Matrix] = [:]

        init(_ maps: [Place: UpdatedMap], isTraining: Bool) {
            self.isTraining = isTraining
            for (place, map) in maps {
                guard let input = place.site.input else { continue }
                inputs[Place(place.layer, input)] = (map, map.inputScale)
                outputs[place] = (map, OutputChange(map, s: map.outputScale))
            }
            lowestTrained = isTraining ? inputs.keys.min() : nil
        }

        func acts(at place: Place) -> Bool { inputs[place] != nil || outputs[place] != nil }

        func forward(
            _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            outputs[place]?.change.forward(value, keep: isTraining, workspace)
            guard let input = inputs[place] else { return }
            if isTraining {
                let copy = workspace.matrix(value.rows, value.columns)
                copy.copy(from: value)
                kept[place] = copy
            }
            Kernels.scale(value, by: input.p)
        }

        func backward(
            _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
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
            guard let (map, p) = inputs[place], let x = kept[place], let dA = map.a.gradientMatrix else {
                return
            }
            let mark = workspace.mark
            defer { workspace.release(to: mark) }
            let dp = workspace.matrix(1, p.count)
            dp.fill(0)
            scaleAndShiftBackward(gradient, x: x, w: p, dw: dp.base, db: nil)
            for k in 0..<dA.rows { add(dp, to: dA.rows(k..<k + 1)) }
        }
    }

    // lowrank: W [out, in] is made when the map's input is seen, and its gradient dW = dyᵀ x is whole when the
    // input's gradient is; γ and β are the output's.
    //
    //   G = dW ⊙ W_0    dM_A = G M_Bᵀ    dM_B = M_Aᵀ G

    /// W_0 multiplied element by element by 1 + M_A M_B.
    final class LowRankProduct: EncoderAdaptation {
        let lowestTrained: Place?
        private let isTraining: Bool
        private let maps: [Place: UpdatedMap]
        private var owners: [Place: Place] = [:]
        private var outputs: [Place: OutputChange] = [:]
        /// W of each map, in the workspace.
        private var products: [Place: Matrix] = [:]
        /// dW of the one map that backward is at; zero in between.
        private let gradient: FloatBuffer

        init(_ maps: [Place: UpdatedMap], isTraining: Bool) {
            self.isTraining = isTraining
            self.maps = maps
            for (place, map) in maps {
                guard let input = place.site.input else { continue }
                owners[Place(place.layer, input)] = place
                if map.scale != nil || map.shift != nil {
                    outputs[place] = OutputChange(map, s: map.gamma)
                }
            }
            gradient = FloatBuffer(isTraining ? maps.values.map(\.frozen.weight.count).max() ?? 0 : 0)
            lowestTrained = isTraining ? owners.keys.min() : nil
        }

        func acts(at place: Place) -> Bool { owners[place] != nil || outputs[place] != nil }

        func linear(at place: Place) -> TrainedLinear? {
            products[place].map {
                TrainedLinear(
                    weight: $0, weightGradient: isTraining ? gradient.matrix($0.rows, $0.columns) : nil)
            }
        }

        func replacesMap(at place: Place) -> Bool { maps[place] != nil }

        func forward(
            _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            outputs[place]?.forward(value, keep: isTraining, workspace)
            guard let owner = owners[place], let map = maps[owner] else { return }
            let product = workspace.matrix(map.frozen.weight.rows, map.frozen.weight.columns)
            map.multiply(into: product)
            products[owner] = product
        }

        func backward(
            _ dy: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
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
            multiplyElements(of: g, by: map.frozen.weight)
            multiplyTransposed(g, map.a.matrix, into: dB, accumulate: true)
            transposedMultiply(map.b.matrix, g, into: dA, accumulate: true)
            g.fill(0)
        }
    }
}
