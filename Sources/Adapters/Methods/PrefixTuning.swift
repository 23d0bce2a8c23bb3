package import Diagnostics
package import Encoders

// Prefix tuning (Li and Liang, "Prefix-Tuning: Optimizing Continuous Prompts for Generation", ACL 2021, arXiv
// 2101.00190):
//
//   a_t = Concat_h softmax(q_t [P_K; K]ᵀ / √d_k) [P_V; V]     P_K, P_V [P, d] of each layer, split into heads
//
// Every token attends to P keys and values before those of its own sequence; the encoder's attention computes
// their gradients. They have no positions and correspond to no tokens. The published reparametrisation, which
// computes them from a smaller matrix with a feed-forward layer during training, is left out: it stabilises
// training but does not enlarge the set of prefixes. Start N(0, 0.02²): attention then gives the prefix a
// share, so the outputs at start are not the frozen backbone's.
//
// Parameters: 2 L P d; BERT-base, P = 30: 552,960.

/// Prefix tuning: trained keys and values before every sequence's own.
package struct PrefixTuning: AdapterMethod {
    package static let name = "prefix"
    package static let source = "Li and Liang, ACL 2021, arXiv 2101.00190"
    package static let summary = "trained keys and values before every sequence's own, in each layer"
    package static let keys: [MethodKey<Self>] = [lengthKey, .layers(\.layers)]

    /// The number P of keys and values in each layer.
    package var length = 30
    package var layers = LayerSet.all

    package init() {}

    package var isIdentityAtStart: Bool { false }

    package var mergeability: Mergeability {
        .never("additional keys of the attention cannot be expressed by the backbone's weights")
    }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        BoundPrefix(
            method: self, layers: try layers.indices(on: weights), width: weights.configuration.hidden)
    }

    // Twice the longest sequence of the published encoders.
    private static let longest = 1024

    static let lengthKey = MethodKey<Self>(
        "length", \.length, allowed: "1-\(longest)", "the number of trained keys and values in each layer"
    ) {
        (1...longest).contains($0) ? nil : "expected a whole number from 1 to \(longest), found \($0)"
    }
}

/// Prefix tuning on a backbone of some width.
private struct BoundPrefix: BoundMethod {
    let method: PrefixTuning
    let layers: [Int]
    let width: Int

    private static let keys = TensorName(PrefixTuning.name, "key.weight")
    private static let values = TensorName(PrefixTuning.name, "value.weight")

    func slices(seed: UInt64) -> [ParameterSlice] {
        layers.flatMap { layer in
            [Self.keys, Self.values].map {
                ParameterSlice(
                    $0.inLayer(layer), .weight, [method.length, width], .normal(deviation: 0.02, seed: seed))
            }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        let values = parameters.byLayer(Self.values, in: method.layers)
        let prefixes = parameters.byLayer(Self.keys, in: method.layers).zipped(with: values) { keys, values in
            TrainedPrefix(
                keys: keys.matrix, values: values.matrix, keyGradient: keys.gradientMatrix,
                valueGradient: values.gradientMatrix)
        }
        return PrefixHooks(prefixes, lowestTrained: parameters.lowest(prefixes.keys, .prefix))
    }

    /// The scores of P more keys, and the sum over P more values.
    func addedOperations(tokens: Int) -> Double { Double(4 * layers.count * method.length) * Double(width) }
}

private final class PrefixHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let prefixes: [Int: TrainedPrefix]

    init(_ prefixes: [Int: TrainedPrefix], lowestTrained: LayerSite?) {
        self.prefixes = prefixes
        self.lowestTrained = lowestTrained
    }

    func prefix(in layer: Int) -> TrainedPrefix? { prefixes[layer] }
}
