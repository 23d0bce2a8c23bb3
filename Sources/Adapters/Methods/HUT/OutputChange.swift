import Encoders
import Kernels

/// y ← s ⊙ (y − b_0) + b_0 + β on a map's output [T, out], in place, with s = γ ⊙ q or γ.
///
///     dβ = Σ_t dy    ds = Σ_t dy ⊙ (y − b_0)    dy ← s ⊙ dy
final class OutputChange {
    private let s, constant: [Float]
    private let map: UpdatedMap
    private var saved: Matrix?

    init(_ map: UpdatedMap, s: [Float]) {
        self.map = map
        self.s = s
        constant = s.indices.map { j in
            let bias = map.frozen.bias[j]
            return bias - s[j] * bias + (map.shift?.value[j] ?? 0)
        }
    }

    func forward(_ y: Matrix, save: Bool, _ workspace: Workspace) {
        if save { saved = workspace.copy(of: y) }
        scaleAndShift(y, by: s, constant)
    }

    /// Adds dβ, passes ds [out] to `use`, and turns dy into the gradient of the unchanged output.
    func backward(_ dy: Matrix, _ workspace: Workspace, _ use: (UnsafePointer<Float>) -> Void) {
        guard let y = saved else { preconditionFailure("no saved forward") }
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
