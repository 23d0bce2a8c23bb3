package import Diagnostics
package import Encoders
import Kernels

// HUT, Hadamard Updated Transformation (Zhang et al., arXiv 2409.13501), on a linear map with x [T, in], W_0
// [in, out]:
//
//   rowcolumn   W = (M_A 1) ⊙ W_0 ⊙ (1 M_B) = diag(p) W_0 diag(q), p_i = Σ_k M_A[i, k],  q_j = Σ_k M_B[k, j]
//   lowrank     W = W_0 ⊙ (1 + M_A M_B)
//   y = γ ⊙ (x W) + b_0 + β
//
// The paper's abstract leaves open which of the two forms is meant, and which maps are updated: both are
// settings. M_A [in, r] is stored as `a` [r, in], M_B [r, out] as `b` [out, r]. Start: γ = 1, β = 0;
// rowcolumn 1/r everywhere, so p = q = 1; lowrank M_A ~ N(0, 0.02²), M_B = 0. In `rowcolumn` only sums over k
// act, so all terms of a sum have the same gradient and stay equal: r > 1 changes step sizes, not the
// functions that can be learned. The rank is therefore 1 there by default, and 8 in `lowrank`.
//
// Count for each map: r (in + out) + 2 out; bert-base, rowcolumn on query and value: 73,728. Merged: W as
// above with γ in its columns, b_0 + β.

/// HUT: the weights of linear maps, multiplied element by element by a function of two thin matrices.
package struct HUT: LinearMapMethod {
    package static let name = "hut"
    package static let source = "Zhang et al., arXiv 2409.13501"
    package static let summary =
        "weights of linear maps multiplied by thin matrices, outputs scaled and shifted"
    package static let keys: [MethodKey<Self>] = [
        MethodKey(
            "form", \.form, "W scaled in rows and columns, or multiplied by 1 + M_A M_B element by element"),
        .targets(\.targets),
        MethodKey(
            "rank", \.rank, allowed: "1 or more", "r, the inner width of M_A and M_B; at most a map's width"
        ) { $0 >= 1 ? nil : "is \($0), expected 1 or more" },
        MethodKey("scale", \.scale, "train an output scale (γ)"),
        MethodKey("shift", \.shift, "train an output shift (β)"),
        .layers(\.layers),
    ]

    /// The parts `a` and `b` of a map's tensors.
    package static let (partA, partB) = (UpdatedMap.a, UpdatedMap.b)

    package enum Form: String, NamedChoice {
        /// diag(p) W_0 diag(q).
        case rowColumn = "rowcolumn"
        /// W_0 ⊙ (1 + M_A M_B).
        case lowRank = "lowrank"
    }

    package var form = Form.rowColumn
    package var targets = LinearTargets.queryAndValue
    package var scale = true
    package var shift = true
    package var layers = LayerSet.all
    private var givenRank: Int?

    /// r; 1 or 8 by default, depending on the form.
    package var rank: Int {
        get { givenRank ?? (form == .rowColumn ? 1 : 8) }
        set { givenRank = newValue }
    }

    package init() {}

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(targets.sites) }
    package var replacedMaps: Set<Site> { form == .lowRank ? mergedMaps : [] }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        try targets.check(rank: rank, on: weights)
        return BoundHUT(method: self, layers: try layers.indices(on: weights), weights: weights)
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, map) in UpdatedMap.bySite(parameters, of: self, on: merged.weights) {
            guard let own = merged.linear(at: place) else { continue }
            if form == .rowColumn {
                Kernels.scale(own.weight, by: map.inputScale)
            } else {
                let product = FloatBuffer(own.weight.count)
                withExtendedLifetime(product) {
                    let updated = product.matrix(own.weight.rows, own.weight.columns)
                    map.multiply(into: updated)
                    own.weight.copy(from: updated)
                }
            }
            let s = form == .rowColumn ? map.outputScale : map.gamma
            for r in 0..<own.weight.rows {
                for c in 0..<own.weight.columns { own.weight[r, c] *= s[r] }
                if let shift = map.shift { own.bias[r] += shift.value[r] }
            }
        }
    }
}

/// HUT on a backbone.
private struct BoundHUT: BoundMethod {
    let method: HUT
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        let even = ParameterStart.constant(1 / Float(method.rank))
        let normal = ParameterStart.normal(deviation: 0.02, seed: seed)
        let isRowColumn = method.form == .rowColumn
        return layers.flatMap { layer in
            method.targets.ordered.flatMap { target -> [ParameterSlice] in
                let (inputs, outputs) = target.shape(on: weights)
                func slice(
                    _ part: String, _ kind: ParameterKind, _ shape: [Int], _ start: ParameterStart
                ) -> ParameterSlice {
                    ParameterSlice(
                        TensorName(HUT.name, layer: layer, site: target.site, part), kind, shape, start)
                }
                var slices = [
                    slice(UpdatedMap.a, .weight, [method.rank, inputs], isRowColumn ? even : normal),
                    slice(UpdatedMap.b, .weight, [outputs, method.rank], isRowColumn ? even : .constant(0)),
                ]
                if method.scale { slices.append(slice(UpdatedMap.scale, .weight, [outputs], .constant(1))) }
                if method.shift { slices.append(slice(UpdatedMap.shift, .bias, [outputs], .constant(0))) }
                return slices
            }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        let maps = UpdatedMap.bySite(parameters, of: method, on: weights)
        return method.form == .rowColumn
            ? RowColumnHooks(maps, isTraining: parameters.isTraining)
            : LowRankHooks(maps, isTraining: parameters.isTraining)
    }

    /// Multiplications of inputs and outputs.
    ///
    /// `lowrank` computes its W once per micro-batch, not for each
    /// token.
    func addedOperations(tokens: Int) -> Double {
        method.targets.ordered.reduce(0) { sum, target in
            let (inputs, outputs) = target.shape(on: weights)
            let own =
                method.form == .rowColumn
                ? inputs + 2 * outputs : method.scale || method.shift ? 2 * outputs : 0
            return sum + Double(layers.count * own)
        }
    }
}
