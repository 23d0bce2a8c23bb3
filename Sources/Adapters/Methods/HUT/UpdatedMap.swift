import Diagnostics
import Encoders
import Kernels

/// A frozen linear map under HUT: W_0 [out, in], a = M_Aᵀ [r, in], b = M_Bᵀ [out, r], γ and β [out].
struct UpdatedMap {
    let a, b: BoundTensor
    let scale, shift: BoundTensor?
    let frozen: LinearWeights

    /// The parts of a map's tensors.
    static let (a, b, scale, shift) = ("a.weight", "b.weight", "scale.weight", "shift.bias")

    /// The maps that a method updates.
    static func bySite(
        _ parameters: BoundParameters, of method: HUT, on weights: EncoderWeights
    ) -> [LayerSite: UpdatedMap] {
        func tensors(_ part: String) -> [LayerSite: BoundTensor] {
            parameters.bySite(HUT.name, part, at: method.targets.sites, in: method.layers)
        }
        let (b, scales, shifts) = (tensors(Self.b), tensors(Self.scale), tensors(Self.shift))
        var maps: [LayerSite: UpdatedMap] = [:]
        for (place, a) in tensors(Self.a) {
            guard let b = b[place], let frozen = weights.linear(at: place) else { continue }
            maps[place] = UpdatedMap(a: a, b: b, scale: scales[place], shift: shifts[place], frozen: frozen)
        }
        return maps
    }

    /// p [in]: the sums over the rank of a.
    var inputScale: [Float] {
        var p = [Float](repeating: 0, count: a.matrix.columns)
        addColumnSums(of: a.matrix, to: &p)
        return p
    }

    /// q [out]: the sums over the rank of b.
    var columnSums: [Float] { (0..<b.matrix.rows).map { sum(b.matrix.row($0), b.matrix.columns) } }

    /// γ [out]; all 1 if there is none.
    var gamma: [Float] {
        guard let scale else { return [Float](repeating: 1, count: frozen.weight.rows) }
        return Array(UnsafeBufferPointer(start: scale.value, count: scale.count))
    }

    /// γ ⊙ q [out].
    var outputScale: [Float] { zip(gamma, columnSums).map { $0 * $1 } }

    /// w [out, in] = W_0 ⊙ (1 + b a).
    func multiply(into w: Matrix) {
        Kernels.multiply(b.matrix, a.matrix, into: w)
        for r in 0..<w.rows {
            let row = w.row(r)
            for c in 0..<w.columns { row[c] += 1 }
            frozen.weight.multiply(row: r, into: row)
        }
    }
}
