package import Diagnostics
package import Encoders
import Foundation
import Kernels

// AdapterFusion (Pfeiffer et al., "AdapterFusion: Non-Destructive Task Composition for Transfer Learning",
// EACL 2021, arXiv 2005.00247): attention of each token over the outputs of n trained and now frozen adapters
// of a sub-layer with input x [T, d] and output y [T, d]. After the feed-forward layer, y = u W_2 + b_2 and x
// = h1.
//
//   z_i = output of bottleneck i, for y [T, d]          h = LN(y + x), y or x: the input of the query
//   q = h W_Q + b_Q      k_i = z_i W_K + b_K     s_ti = q_t · k_ti / τ      p_t = softmax over the n adapters
//   m_t = Σ_i p_ti z_ti                                 y' = y + m W_V, or (y + m) W_V, or y + m without W_V
//
// With r = q W_Kᵀ, q_t · k_ti = z_ti · r_t + q_t · b_K. The second term is equal in all scores of t, so the
// softmax ignores it. And Σ_i p_ti (z_ti W_V) = m_t W_V. So each matrix is multiplied once for any n, and b_K
// is not needed:
//
//   dW_V = mᵀ dy'    dm = dy' W_Vᵀ    dp_ti = dm_t · z_ti    ds = softmax'(dp) / τ
//   dr_t = Σ_i ds_ti z_ti      dz_ti = p_ti dm_t + ds_ti r_t, which bottleneck i propagates to its input
//   dW_K = drᵀ q     dq = dr W_K      db_K = Σ_t (Σ_i ds_ti) q_t, 0 up to rounding; b_K exists as published
//   dW_Q = hᵀ dq     db_Q = Σ_t dq_t  dh = dq W_Qᵀ, and from there to y and x
//
// The loss has the term λ Σ ‖W_V − I‖², which keeps each adapter's contribution near its original one.
//
// Start: W_Q and W_K from N(0, 0.02²), biases 0, W_V the identity with 1e-6 off its diagonal, so the fusion
// starts as an average of the adapters, not as the frozen backbone. Scores are not divided by √d, W_V has no
// bias, and the query reads LN(y + x), as in the default configuration of AdapterHub's `BertFusion`
// (`dynamic`; `static` is `value: false`). Unlike AdapterHub's, this one has no dropout on its scores.
//
// Pfeiffer, Houlsby (a fusion at each of their two sites) and parallel adapters can be fused. For parallel
// adapters AdapterHub's query reads x, and x is added a second time; here it is not. The heads of the
// adapters' runs are not used: the fusing run trains its own. The weight of an adapter depends on the token,
// so nothing can be folded into the backbone.
//
// Parameters: 3 d² + 2 d per fusion; BERT-base, Pfeiffer: 12 (3 · 768² + 2 · 768) = 21,252,096.

/// AdapterFusion: attention over the outputs of adapters that earlier runs trained.
package struct Fusion: MethodOnAdapters, PenalizedMethod {
    package static let name = "fusion"
    package static let source = "Pfeiffer et al., EACL 2021, arXiv 2005.00247"
    package static let summary = "attention over the outputs of trained adapters, which are not changed"
    package static let keys: [MethodKey<Self>] = [
        MethodKey(
            "adapters", \.adapters, allowed: "two or more folders RUN/adapters/TASK",
            "the trained adapters, all pfeiffer, houlsby or parallel with norm: none, on this backbone",
            example: ["RUN/adapters/A", "RUN/adapters/B"]),
        MethodKey(
            "queryInput", \.queryInput,
            "the query's input: the sub-layer's output with residual and LayerNorm, without, or its input"),
        MethodKey("value", \.value, "apply a trained matrix to the mixture"),
        MethodKey(
            "valueStart", \.valueStart,
            "that matrix: 1 on the diagonal and 1e-6 or 0 elsewhere, or normal 0.02"),
        MethodKey(
            "residualBefore", \.residualBefore,
            "apply that matrix to the residual too"),
        MethodKey("temperature", \.temperature, in: 1e-3...1e6, "the divisor of the scores"),
        MethodKey(
            "regularization", \.regularization, in: 0...1e6,
            "λ: the loss has λ times the squared distance of that matrix to I; 0: off"),
        .layers(\.layers),
    ]

    package enum ValueStart: String, NamedChoice {
        /// 1 on the diagonal, 1e-6 elsewhere.
        case nearIdentity = "near-identity"
        /// 1 on the diagonal, 0 elsewhere.
        case identity
        /// N(0, 0.02²).
        case normal

        fileprivate func start(seed: UInt64) -> ParameterStart {
            switch self {
            case .nearIdentity: .identity(elsewhere: 1e-6)
            case .identity: .identity(elsewhere: 0)
            case .normal: .normal(deviation: 0.02, seed: seed)
            }
        }
    }

    /// The folders of the trained adapters.
    package var adapters: [String] = []
    /// The input of the query.
    package var queryInput = SubLayerValue.normalized
    /// Whether there is a W_V.
    package var value = true
    package var valueStart = ValueStart.nearIdentity
    /// Whether W_V maps y + m, not m.
    package var residualBefore = false
    /// τ.
    package var temperature = 1.0
    /// λ.
    package var regularization = 0.01
    /// The layers of the fusion, which must be those of the adapters' bottlenecks.
    package var layers = LayerSet.all

    package init() {}

    package func check(_ section: SettingsSection<NameKey>) throws {
        let key = NameKey("adapters")
        if adapters.count < 2 {
            throw section.failure(
                key,
                "lists \(adapters.isEmpty ? "no adapter" : "one adapter"), expected two or more: "
                    + "attention over a single one gives it all the weight",
                remedy: "name the folders of trained adapters, such as runs/a/adapters/mrpc")
        }
        let paths = adapters.map { URL(filePath: $0).resolvingSymlinksInPath().standardized.path }
        if let (index, path) = paths.enumerated().first(where: { paths[..<$0].contains($1) }) {
            throw section.failure(
                key, element: index,
                "'\(adapters[index])' is listed before, at \(paths.firstIndex(of: path) ?? 0)",
                remedy: "list each adapter once")
        }
    }

    package var isIdentityAtStart: Bool { false }

    package var mergeability: Mergeability {
        .never("how much of each adapter is mixed in depends on the token")
    }

    package var inputFiles: [String] { adapters.flatMap { AdapterFolder.files(of: $0) } }

    /// Reads the adapters, each of which must have bottlenecks in exactly the layers of the fusion.
    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        let frozen = try FrozenAdapter.read(adapters, key: "adapter.adapters", on: weights)
        let layers = try self.layers.indices(on: weights)
        for (index, adapter) in frozen.enumerated() {
            let own = adapter.method.bottleneck.layers
            if try own.indices(on: weights) != layers {
                throw Failure.usage(
                    "'\(adapters[index])' has bottlenecks in layers '\(own.text)', but the fusion "
                        + "needs them in '\(self.layers.text)'",
                    at: "adapter.adapters[\(index)]",
                    remedy: "set adapter.layers to '\(own.text)' and list adapters that all have "
                        + "these layers"
                )
            }
        }
        return BoundFusion(method: self, adapters: frozen, layers: layers, weights: weights)
    }

    /// λ Σ ‖W_V − I‖² over all places.
    package func penalty(_ parameters: BoundParameters, times factor: Double) -> Double {
        if regularization == 0 { return 0 }
        var total = 0.0
        let weight = factor * regularization
        for slice in parameters.layout.slices where isValueMatrix(slice.tensor) {
            guard let own = parameters[slice.tensor]?.matrix else { continue }
            let gradient = parameters[slice.tensor]?.gradientMatrix
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

    private func isValueMatrix(_ tensor: TensorName) -> Bool {
        tensor.method == Self.name && tensor.part == FusionTensors.value
            && tensor.layer.map(layers.contains) == true
    }
}

/// A fusion on a backbone, with the adapters that it mixes.
private struct BoundFusion: BoundMethod {
    let method: Fusion
    let adapters: [FrozenAdapter]
    let layers: [Int]
    let weights: EncoderWeights

    /// The branches of the frozen method: a layer has a fusion for each.
    private var branches: [BottleneckBranch] { adapters.first.map { type(of: $0.method).branches } ?? [] }

    func slices(seed: UInt64) -> [ParameterSlice] {
        let d = weights.configuration.hidden
        let normal = ParameterStart.normal(deviation: 0.02, seed: seed)
        return layers.flatMap { layer in
            branches.flatMap { branch -> [ParameterSlice] in
                func matrix(_ part: String, _ start: ParameterStart) -> ParameterSlice {
                    ParameterSlice(
                        branch.tensor(Fusion.name, layer: layer, part), .weight, [d, d], start,
                        isPrunable: true)
                }
                func bias(_ part: String) -> ParameterSlice {
                    ParameterSlice(branch.tensor(Fusion.name, layer: layer, part), .bias, [d], .constant(0))
                }
                return [
                    matrix(FusionTensors.query, normal), bias(FusionTensors.queryBias),
                    matrix(FusionTensors.key, normal), bias(FusionTensors.keyBias),
                ]
                    + (method.value
                        ? [matrix(FusionTensors.value, method.valueStart.start(seed: seed))] : [])
            }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        var mixtures: [LayerSite: Mixture] = [:]
        for layer in layers {
            for branch in branches {
                let place = LayerSite(layer, SubLayerValue.input.site(for: branch.site))
                mixtures[place] = FusionTensors(parameters, branch, layer: layer).map { tensors in
                    Mixture(
                        method, tensors, adapters, branch, layer: layer,
                        NormalizedOutput(at: place, of: weights))
                }
            }
        }
        return FusionHooks(mixtures, isTraining: parameters.isTraining)
    }

    /// The products of the frozen bottlenecks and of the fusion.
    func addedOperations(tokens: Int) -> Double {
        let d = Double(weights.configuration.hidden)
        let places = Double(layers.count * branches.count)
        // q, r and m W_V; then for each adapter a score and its share of m.
        let own = 2 * d * d * (method.value ? 3 : 2) + 4 * d * Double(adapters.count)
        return adapters.reduce(places * own) { $0 + $1.bound.addedOperations(tokens: tokens) }
    }
}
