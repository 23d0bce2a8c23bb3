import Diagnostics
package import Encoders
import Kernels

// HUT, Hadamard Updated Transformation (Zhang et al., arXiv 2409.13501), on a linear map with x [T, in], W_0 [in, out]:
//
//   rowcolumn   W = (M_A 1) ⊙ W_0 ⊙ (1 M_B) = diag(p) W_0 diag(q),   p_i = Σ_k M_A[i, k],  q_j = Σ_k M_B[k, j]
//   lowrank     W = W_0 ⊙ (1 + M_A M_B)
//   y = γ ⊙ (x W) + b_0 + β
//
// The paper's abstract leaves open which of the two is meant, and which maps have one: both are settings. M_A [in, r] is
// stored as `a` [r, in], M_B [r, out] as `b` [out, r]. Starts: γ = 1, β = 0; rowcolumn 1/r everywhere, so p = q = 1; lowrank
// M_A ~ N(0, 0.02²), M_B = 0. In `rowcolumn` only sums over k act, so all entries of a sum get one gradient and stay
// equal: r > 1 changes step sizes, not what can be learnt, and noise that keeps the sums would change nothing at all. The
// rank is therefore 1 there by default, and 8 in `lowrank`.
//
// Count for each map: r (in + out) + 2 out; bert-base, rowcolumn on query and value: 73,728. Merged: W as above with γ in
// its columns, b_0 + β.

/// HUT: the weights of linear maps multiplied element by element by what two thin matrices make.
package struct HUT: AdapterMethod {
    package static let name = "hut"
    package static let source = "Zhang et al., arXiv 2409.13501"
    package static let summary =
        "weights of linear maps multiplied by thin matrices, outputs scaled and shifted"
    package static let settings = [
        MethodSetting(
            "form", "rowcolumn, lowrank",
            "W scaled in rows and columns, or multiplied by 1 + M_A M_B element by element"),
        .targets,
        MethodSetting("rank", "1 or more", "r, the inner width of M_A and M_B; at most a map's width"),
        MethodSetting("scale", "true, false", "whether there is γ"),
        MethodSetting("shift", "true, false", "whether there is β"),
        .layers,
    ]

    /// What M_A and M_B make of W_0.
    package enum Form: String, NamedChoice {
        /// diag(p) W_0 diag(q).
        case rowColumn = "rowcolumn"
        /// W_0 ⊙ (1 + M_A M_B).
        case lowRank = "lowrank"

        /// The rank where none is given.
        var rank: Int { self == .rowColumn ? 1 : 8 }
    }

    /// What M_A and M_B make of W_0.
    package let form: Form
    /// The linear maps that have them.
    package let targets: LinearTargets
    /// r.
    package let rank: Int
    /// Whether there is γ.
    package let scale: Bool
    /// Whether there is β.
    package let shift: Bool
    /// The layers whose maps have them.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case form, targets, rank, scale, shift, layers }

    /// Makes the method with settings; without a rank it is 1 for rows and columns, 8 for the product.
    package init(
        form: Form = .rowColumn, targets: LinearTargets = .queryAndValue, rank: Int? = nil,
        scale: Bool = true,
        shift: Bool = true, layers: LayerSet = .all
    ) {
        self.form = form
        self.targets = targets
        self.rank = rank ?? form.rank
        self.scale = scale
        self.shift = shift
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        let form = try section.value(.form, default: Form.rowColumn)
        self.form = form
        targets = try section.value(.targets, default: .queryAndValue)
        rank = try section.value(.rank, default: form.rank)
        scale = try section.value(.scale, default: true)
        shift = try section.value(.shift, default: true)
        layers = try section.value(.layers, default: .all)
        try section.require(rank >= 1, .rank, "is \(rank), expected 1 or more")
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try targets.check(rank: rank, on: weights)
        return try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            targets.ordered.flatMap { target in
                let (inputs, outputs) = target.shape(on: weights)
                func slice(_ part: String, _ shape: [Int], _ start: ParameterStart) -> ParameterSlice {
                    ParameterSlice(
                        name: "layer.\(layer).\(Self.name(target, part))",
                        kind: part.hasSuffix("bias") ? .bias : .weight, layer: layer, shape: shape,
                        start: start)
                }
                let random = RandomName(seed, "layer.\(layer).\(Self.name(target, "a.weight"))")
                let even = ParameterStart.constant(1 / Float(rank))
                return [
                    slice(
                        "a.weight", [rank, inputs],
                        form == .rowColumn ? even : .normal(deviation: 0.02, random)),
                    slice("b.weight", [outputs, rank], form == .rowColumn ? even : .constant(0)),
                ] + (scale ? [slice("scale.weight", [outputs], .constant(1))] : [])
                    + (shift ? [slice("shift.bias", [outputs], .constant(0))] : [])
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        let maps = maps(parameters) { weights.linear(at: $0) }
        return form == .rowColumn
            ? RowsAndColumns(maps, isTraining: parameters.isTraining)
            : LowRankProduct(maps, isTraining: parameters.isTraining)
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(targets.listed.map(\.site)) }
    package var replacedMaps: Set<Site> { form == .lowRank ? mergedMaps : [] }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, map) in maps(parameters, { merged.weights.linear(at: $0) }) {
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

    /// Multiplications of inputs and outputs; `lowrank` makes its W once for a unit of work, not for each token.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let count = try layers.indices(of: weights.configuration.layers, key: "adapter.layers").count
        return targets.ordered.reduce(0) { sum, target in
            let (inputs, outputs) = target.shape(on: weights)
            let own = form == .rowColumn ? inputs + 2 * outputs : scale || shift ? 2 * outputs : 0
            return sum + Double(count * own)
        }
    }

    private static func name(_ target: LinearTarget, _ part: String) -> String {
        "hut.\(target.rawValue).\(part)"
    }

    private func maps(
        _ parameters: BoundParameters, _ frozen: (Place) -> LinearWeights?
    ) -> [Place: UpdatedMap] {
        var maps: [Place: UpdatedMap] = [:]
        for target in targets.listed {
            func tensors(_ part: String) -> [Int: BoundTensor] {
                parameters.byLayer(Self.name(target, part))
            }
            let (columns, scales, shifts) = (
                tensors("b.weight"), tensors("scale.weight"), tensors("shift.bias")
            )
            for (layer, a) in tensors("a.weight") {
                let place = Place(layer, target.site)
                guard let b = columns[layer], let own = frozen(place) else { continue }
                maps[place] = UpdatedMap(a: a, b: b, scale: scales[layer], shift: shifts[layer], frozen: own)
            }
        }
        return maps
    }
}
