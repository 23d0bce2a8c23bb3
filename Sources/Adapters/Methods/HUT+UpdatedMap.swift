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
        var inputScale: [Float] {
            var p = [Float](repeating: 0, count: a.matrix.columns)
            addColumnSums(of: a.matrix, to: &p)
            return p
        }

        /// q [out]: the sums over the rank of b.
        var columnSums: [Float] { (0..<b.matrix.rows).map { sum(b.matrix.row($0), b.matrix.columns) } }

        /// γ [out], 1 where there is none.
        var gamma: [Float] {
            guard let scale else { return [Float](repeating: 1, count: frozen.weight.rows) }
            return Array(UnsafeBufferPointer(start: scale.value, count: scale.count))
        }

        /// γ ⊙ q [out].
        var outputScale: [Float] { zip(gamma, columnSums).map { $0 * $1 } }

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
        private let s, constant: [Float]
        private let map: UpdatedMap
        private var kept: Matrix?

        init(_ map: UpdatedMap, s: [Float]) {
            self.map = map
            self.s = s
            constant = s.indices.map { j in
                let bias = map.frozen.bias[j]
                return bias - s[j] * bias + (map.shift?.value[j] ?? 0)
            }
        }

        func forward(_ y: Matrix, keep: Bool, _ workspace: Workspace) {
            if keep {
                let copy = workspace.matrix(y.rows, y.columns)
                copy.copy(from: y)
                kept = copy
            }
            scaleAndShift(y, by: s, constant)
        }

        /// Adds dβ, hands ds [out] over, and turns dy into the gradient of the unchanged output.
        func backward(_ dy: Matrix, _ workspace: Workspace, _ use: (UnsafePointer<Float>) -> Void) {
            guard let y = kept else { return }
            let mark = workspace.mark
            defer { workspace.release(to: mark) }
            let sums = workspace.matrix(2, dy.columns)
            sums.fill(0)
            let (ds, total) = (sums.row(0), sums.row(1))
            scaleAndShiftBackward(dy, x: y, w: s, dw: ds, db: total)
            for j in 0..<dy.columns {
                ds[j] -= map.frozen.bias[j] * total[j]
                map.shift?.gradient?[j] += total[j]
            }
            use(ds)
        }
    }
}
