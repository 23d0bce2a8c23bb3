import Diagnostics
package import Encoders

// Prefix tuning (Li and Liang, "Prefix-Tuning: Optimizing Continuous Prompts for Generation", ACL 2021, arXiv 2101.00190):
//
//   a_t = Concat_h softmax(q_t [P_K; K]ᵀ / √d_k) [P_V; V]          P_K, P_V [P, d] of each layer, split into heads
//
// Every token sees P keys and values before those of its own sequence; the encoder's attention has the gradients. They
// have no positions, and no token stands for them. The published reparametrisation, which makes them from a smaller
// matrix by a feed-forward layer while training, is left out: it steadies training, and adds nothing to what the
// trained prefix can be. Start N(0, 0.02²): attention then gives the prefix a share, so the outputs begin elsewhere than
// the frozen backbone's.
//
// Parameters: 2 L P d; BERT-base, P = 30: 552,960.

/// Prefix tuning: trained keys and values before every sequence's own.
package struct PrefixTuning: AdapterMethod {
    package static let name = "prefix"
    package static let source = "Li and Liang, ACL 2021, arXiv 2101.00190"
    package static let summary = "trained keys and values in front of every sequence's, in each layer"
    package static let settings = [lengthDescription, .layers]

    /// The number P of keys and values in each layer.
    package let length: Int
    /// The layers that have a prefix.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case length, layers }

    /// Makes the method with settings.
    package init(length: Int = 30, layers: LayerSet = .all) {
        self.length = length
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        length = try section.prefixLength(.length, default: 30)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            ["key", "value"].map { part in
                let name = "layer.\(layer).prefix.\(part).weight"
                return ParameterSlice(
                    name: name, kind: .weight, layer: layer, shape: [length, weights.configuration.hidden],
                    start: .normal(deviation: 0.02, RandomName(seed, name)))
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        ActingPrefix(parameters)
    }

    package var isIdentityAtStart: Bool { false }

    package var mergeability: Mergeability {
        .never("attention over more keys than a sequence has tokens is no change of the backbone's weights")
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    /// The scores of P more keys, and the sum over P more values.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let count = try layers.indices(of: weights.configuration.layers, key: "adapter.layers").count
        return Double(4 * count * length) * Double(weights.configuration.hidden)
    }

    static let lengthDescription = MethodSetting(
        "length", "1-\(longest)", "the number of trained keys and values in each layer")

    // Twice the longest sequence of the published encoders.
    fileprivate static let longest = 1024

    private final class ActingPrefix: EncoderAdaptation {
        let lowestTrained: Place?
        private let prefixes: [Int: TrainedPrefix]

        init(_ parameters: BoundParameters) {
            let values = parameters.byLayer("prefix.value.weight")
            var prefixes: [Int: TrainedPrefix] = [:]
            for (layer, keys) in parameters.byLayer("prefix.key.weight") {
                guard let values = values[layer] else { continue }
                prefixes[layer] = TrainedPrefix(
                    keys: keys.matrix, values: values.matrix, keyGradient: keys.gradientMatrix,
                    valueGradient: values.gradientMatrix)
            }
            self.prefixes = prefixes
            lowestTrained = parameters.lowest(prefixes.keys, .prefix)
        }

        func prefix(in layer: Int) -> TrainedPrefix? { prefixes[layer] }
    }
}

extension SettingsSection {
    /// The length of a prefix.
    func prefixLength(_ key: Key, default fallback: Int) throws -> Int {
        let length = try value(key, default: fallback)
        try require(
            (1...PrefixTuning.longest).contains(length), key,
            "expected a whole number from 1 to \(PrefixTuning.longest), found \(length)")
        return length
    }
}
