import Encoders
import Kernels

// One linear map under HUT, stored as W_0 [out, in], a = M_Aᵀ [r, in], b = M_Bᵀ [out, r], γ and β [out].

extension HUT {
    /// A frozen linear map with the tensors that change it.
    struct UpdatedMap {
        let a, b: BoundTensor
        let scale, shift: BoundTensor?
        let frozen: LinearWeights

        /// p [in]: the sums over the rank of a.
        var inputScale: FloatBuffer {
            let p = FloatBuffer(a.matrix.columns)
            addColumnSums(of: a.matrix, to: p.base)
            return p
        }

        /// q [out]: the sums over the rank of b.
        var columnSums: FloatBuffer {
            let q = FloatBuffer(b.matrix.rows)
            for j in 0..<q.count { q.base[j] = sum(b.matrix.row(j), b.matrix.columns) }
            return q
        }

        /// γ [out], 1 where there is none.
        var gamma: FloatBuffer {
            let gamma = FloatBuffer(frozen.weight.rows)
            gamma.matrix(1, gamma.count).fill(1)
            if let scale { gamma.base.update(from: scale.value, count: gamma.count) }
            return gamma
        }

        /// γ ⊙ q [out].
        var outputScale: FloatBuffer {
            let (s, q) = (gamma, columnSums)
            for j in 0..<s.count { s.base[j] *= q.base[j] }
            return s
        }

        /// Puts W_0 ⊙ (1 + b a) into w [out, in].
        func multiply(into w: Matrix) {
            Kernels.multiply(b.matrix, a.matrix, into: w)
            for r in 0..<w.rows {
                let (row, own) = (w.row(r), frozen.weight.row(r))
                for c in 0..<w.columns { row[c] = own[c] * (1 + row[c]) }
            }
        }
    }

    /// y ← s ⊙ (y − b_0) + b_0 + β on a map's output [T, out], in place, where s = γ ⊙ q or γ.
    ///
    ///     dβ = Σ_t dy    ds = Σ_t dy ⊙ (y − b_0)    dy ← s ⊙ dy
    final class OutputChange {
        let s: FloatBuffer
        private let constant: FloatBuffer
        private let map: UpdatedMap
        private var kept: Matrix?

        init(_ map: UpdatedMap, s: FloatBuffer) {
            (self.map, self.s) = (map, s)
            constant = FloatBuffer(s.count)
            for j in 0..<s.count {
                let bias = map.frozen.bias[j]
                constant.base[j] = bias - s.base[j] * bias + (map.shift?.value[j] ?? 0)
            }
        }

        func forward(_ y: Matrix, keep: Bool, _ workspace: Workspace) {
            if keep {
                let copy = workspace.matrix(y.rows, y.columns)
                copy.copy(from: y)
                kept = copy
            }
            scaleAndShift(y, by: s.base, constant.base)
        }

        /// Adds dβ, hands ds [out] over, and turns dy into the gradient of the unchanged output.
        func backward(_ dy: Matrix, _ workspace: Workspace, _ use: (UnsafePointer<Float>) -> Void) {
            guard let y = kept else { return }
            let mark = workspace.mark
            defer { workspace.release(to: mark) }
            let sums = workspace.matrix(2, dy.columns)
            sums.fill(0)
            let (ds, total) = (sums.row(0), sums.row(1))
            scaleAndShiftBackward(dy, x: y, w: s.base, dw: ds, db: total)
            for j in 0..<dy.columns {
                ds[j] -= map.frozen.bias[j] * total[j]
                map.shift?.gradient?[j] += total[j]
            }
            use(ds)
        }
    }
}
