import Diagnostics
package import Encoders
import Foundation
import Kernels

// AdapterFusion (Pfeiffer et al., "AdapterFusion: Non-Destructive Task Composition for Transfer Learning", EACL 2021,
// arXiv 2005.00247): attention of each token over what n trained adapters, now frozen, would add to a value y [T, d] of
// a sub-layer that reads x [T, d]. Behind the feed-forward layer y = u W_2 + b_2 and x = h1.
//
//   z_i = what bottleneck i adds to y [T, d]            h = LN(y + x), y or x: what the query reads
//   q = h W_Q + b_Q      k_i = z_i W_K + b_K            s_ti = q_t · k_ti / τ      p_t = softmax over the n adapters
//   m_t = Σ_i p_ti z_ti                                 y' = y + m W_V, or (y + m) W_V, or y + m without W_V
//
// With r = q W_Kᵀ, q_t · k_ti is z_ti · r_t and q_t · b_K, which all scores of t have in common and a softmax ignores; and
// Σ_i p_ti (z_ti W_V) = m_t W_V. So each matrix is met once, whatever n is, and b_K not at all:
//
//   dW_V = mᵀ dy'    dm = dy' W_Vᵀ    dp_ti = dm_t · z_ti    ds = softmax'(dp) / τ
//   dr_t = Σ_i ds_ti z_ti             dz_ti = p_ti dm_t + ds_ti r_t, which bottleneck i hands on to its input
//   dW_K = drᵀ q     dq = dr W_K      db_K = Σ_t (Σ_i ds_ti) q_t, 0 but for rounding: it is there to be as published
//   dW_Q = hᵀ dq     db_Q = Σ_t dq_t  dh = dq W_Qᵀ, and from there to y and x
//
// The loss has the term λ Σ ‖W_V − I‖², which keeps each adapter's contribution near what it was.
//
// Start: W_Q and W_K from N(0, 0.02²), biases 0, W_V the identity with 1e-6 off its diagonal; so it starts as an average of
// the adapters, not as the frozen backbone. Scores aren't divided by √d, W_V has no bias, and the query reads the value
// with its LayerNorm: all as in AdapterHub's `BertFusion` with its default configuration (`dynamic`; `static` is
// `value: false`). It also drops scores out where the model drops attention probabilities out; here nothing does.
//
// Pfeiffer adapters, Houlsby's (a fusion at each of their two places) and parallel ones can be fused; for the last AdapterHub
// has the query read x, and adds x a second time, which this does not. The heads of the adapters' runs aren't used: the run
// that fuses trains its own. How much of an adapter is mixed in depends on the token, so nothing can be folded into the
// backbone.
//
// Parameters: 3 d² + 2 d for each place; BERT-base, Pfeiffer: 12 (3 · 768² + 2 · 768) = 21,252,096.

/// AdapterFusion: attention over the outputs of adapters that were trained before.
package struct Fusion: AdapterMethod {
    package static let name = "fusion"
    package static let source = "Pfeiffer et al., EACL 2021, arXiv 2005.00247"
    package static let summary = "attention over the outputs of trained adapters, which stay as they are"
    package static let settings = [
        MethodSetting(
            "adapters", "two or more folders RUN/adapters/TASK",
            "the trained adapters, all pfeiffer, houlsby or parallel with norm: none, on this backbone",
            example: ["RUN/adapters/A", "RUN/adapters/B"]),
        MethodSetting(
            "queryInput", "normalized, output, input",
            "what the query reads: the sub-layer's output with residual and LayerNorm, without, or its input"),
        MethodSetting("value", "true, false", "whether the mixture passes a trained matrix"),
        MethodSetting(
            "valueStart", "near-identity, identity, normal",
            "that matrix: 1 on the diagonal and 1e-6 or 0 elsewhere, or normal 0.02"),
        MethodSetting(
            "residualBefore", "true, false", "whether that matrix also maps the value that is added to"),
        MethodSetting("temperature", "0.001-1000000", "what the scores are divided by"),
        MethodSetting(
            "regularization", "0-1000000", "λ: the loss has λ times the squared distance of that matrix to I"),
        .layers,
    ]

    /// Where W_V starts.
    package enum ValueStart: String, NamedChoice {
        /// 1 on the diagonal, 1e-6 elsewhere.
        case nearIdentity = "near-identity"
        /// 1 on the diagonal, 0 elsewhere.
        case identity
        /// N(0, 0.02²).
        case normal
    }

    /// The folders of the trained adapters.
    package let adapters: [String]
    /// What the query is computed from.
    package let queryInput: SubLayerValue
    /// Whether there is a W_V.
    package let value: Bool
    /// Where W_V starts.
    package let valueStart: ValueStart
    /// Whether W_V maps y + m, not m.
    package let residualBefore: Bool
    /// τ.
    package let temperature: Double
    /// λ.
    package let regularization: Double
    /// Which layers have a fusion: those that have the adapters' bottlenecks.
    package let layers: LayerSet
    private let frozen: FrozenAdapters

    enum CodingKeys: String, CodingKey, CaseIterable {
        case adapters, queryInput, value, valueStart, residualBefore, temperature, regularization, layers
    }

    /// Reads the settings of a study's `adapter` section; the folders are read when a backbone is known.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        adapters = try section.required(.adapters)
        queryInput = try section.value(.queryInput, default: .normalized)
        value = try section.value(.value, default: true)
        valueStart = try section.value(.valueStart, default: .nearIdentity)
        residualBefore = try section.value(.residualBefore, default: false)
        temperature = try section.value(.temperature, default: 1)
        regularization = try section.value(.regularization, default: 0.01)
        layers = try section.value(.layers, default: .all)
        if adapters.count < 2 {
            throw section.failure(
                .adapters,
                "lists \(adapters.isEmpty ? "no adapter" : "one adapter"), expected two or more: "
                    + "attention over a single one gives it all the weight",
                remedy: "name the folders of trained adapters, such as runs/a/adapters/mrpc")
        }
        let paths = adapters.map { URL(filePath: $0).resolvingSymlinksInPath().standardized.path }
        if let (index, path) = paths.enumerated().first(where: { paths[..<$0].contains($1) }) {
            throw Failure.usage(
                "'\(adapters[index])' is listed before, at \(paths.firstIndex(of: path) ?? 0)",
                at: keyPath(decoder.codingPath + [CodingKeys.adapters]) + "[\(index)]",
                remedy: "list each adapter once")
        }
        try section.require(
            (1e-3...1e6).contains(temperature), .temperature,
            "is \(temperature), expected 0.001 to 1000000")
        try section.require(
            (0...1e6).contains(regularization), .regularization,
            "is \(regularization), expected 0 (off) to 1000000")
        frozen = FrozenAdapters(adapters)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let d = weights.configuration.hidden
        let branches = try branches(on: weights)
        return try indices(on: weights).flatMap { layer in
            branches.flatMap { branch -> [ParameterSlice] in
                func matrix(_ part: String, _ start: (RandomName) -> ParameterStart) -> ParameterSlice {
                    let name = "layer.\(layer).\(branch.name).\(part).weight"
                    return ParameterSlice(
                        name: name, kind: .weight, layer: layer, shape: [d, d],
                        start: start(RandomName(seed, name)), isPrunable: true)
                }
                func bias(_ part: String) -> ParameterSlice {
                    ParameterSlice(
                        name: "layer.\(layer).\(branch.name).\(part).bias", kind: .bias, layer: layer,
                        shape: [d], start: .constant(0))
                }
                return [
                    matrix("query") { .normal(deviation: 0.02, $0) }, bias("query"),
                    matrix("key") { .normal(deviation: 0.02, $0) }, bias("key"),
                ] + (value ? [matrix("value", valueStart.values)] : [])
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        // Whoever has a layout with this method's slices had them from this backbone, so that nothing is read here.
        guard let adapters = try? trained(on: weights), let branches = try? branches(on: weights) else {
            preconditionFailure("parameters of a fusion whose slices could not be made")
        }
        return Acting(self, adapters, branches, parameters, on: weights)
    }

    package var isIdentityAtStart: Bool { false }

    package var mergeability: Mergeability {
        .never("how much of each adapter is mixed in depends on the token")
    }

    /// The frozen bottlenecks' products and the fusion's own; like the backbone's, norms and softmaxes aren't counted.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let d = Double(weights.configuration.hidden)
        let adapters = try trained(on: weights)
        let places = Double(try indices(on: weights).count * branches(on: weights).count)
        // q, r and m W_V; then for each adapter a score and its share of m.
        let own = 2 * d * d * (value ? 3 : 2) + 4 * d * Double(adapters.count)
        return try adapters.reduce(places * own) {
            $0 + (try $1.method.addedOperations(on: weights, tokens: tokens))
        }
    }

    package var filesOfOtherRuns: [String] { adapters.flatMap { AdapterFolder.files(of: $0) } }

    /// λ Σ ‖W_V − I‖² over all places.
    package func penalty(_ parameters: BoundParameters, times factor: Double) -> Double {
        if regularization == 0 { return 0 }
        var total = 0.0
        let weight = factor * regularization
        for slice in parameters.layout.slices where Self.isValueMatrix(slice) {
            guard let own = parameters[slice.name]?.matrix else { continue }
            let gradient = parameters[slice.name]?.gradientMatrix
            for r in 0..<own.rows {
                for c in 0..<own.columns {
                    let difference = own[r, c] - (r == c ? 1 : 0)
                    total += Double(difference) * Double(difference)
                    gradient?[r, c] += Float(2 * weight) * difference
                }
            }
        }
        return weight * total
    }

    /// Where a fusion stands in each layer: the frozen method's branches, at the sites whose source the sub-layer reads.
    private func branches(on weights: EncoderWeights) throws -> [FusedBranch] {
        guard let method = try trained(on: weights).first.map({ type(of: $0.method) }) else { return [] }
        return method.branches.map { FusedBranch(of: $0, in: method.name) }
    }

    /// The frozen adapters, which have a bottleneck wherever there is a fusion, and nowhere else.
    private func trained(on weights: EncoderWeights) throws -> [FrozenAdapter] {
        let trained = try frozen.adapters(on: weights, key: "adapter.adapters")
        let expected = try indices(on: weights)
        for (index, adapter) in trained.enumerated() {
            let own = adapter.method.bottleneck.layers
            if try own.indices(of: weights.configuration.layers, key: "adapter.layers") != expected {
                throw Failure.usage(
                    "'\(adapters[index])' has bottlenecks in layers '\(own.text)', "
                        + "expected '\(layers.text)', where there is to be a fusion",
                    at: "adapter.adapters[\(index)]",
                    remedy: "set adapter.layers to '\(own.text)' and list adapters that all have these layers"
                )
            }
        }
        return trained
    }

    private func indices(on weights: EncoderWeights) throws -> [Int] {
        try layers.indices(of: weights.configuration.layers, key: "adapter.layers")
    }

    private static func isValueMatrix(_ slice: ParameterSlice) -> Bool {
        slice.name.contains(".\(name).") && slice.name.hasSuffix(".value.weight")
    }
}

extension Fusion.ValueStart {
    func values(_ name: RandomName) -> ParameterStart {
        switch self {
        case .nearIdentity: .identity(elsewhere: 1e-6)
        case .identity: .identity(elsewhere: 0)
        case .normal: .normal(deviation: 0.02, name)
        }
    }
}
