/// How a family's config.json states an encoder's shape.
package struct ConfigurationKeys: Sendable {
    let hidden, layers, heads, intermediate, vocabulary, positions: String
    /// Nil for a family whose embeddings are as wide as its layers.
    let embedding: Key<Int>?
    /// Nil for a family without segment embeddings.
    let segments: Key<Int>?
    let activation: String
    let layerNormEpsilon: Key<Double>
    /// Settings of the forward pass that must have the one value that is computed here.
    let fixed: [FixedSetting]

    package init(
        hidden: String, layers: String, heads: String, intermediate: String, vocabulary: String,
        positions: String, embedding: Key<Int>? = nil, segments: Key<Int>?, activation: String,
        layerNormEpsilon: Key<Double>, fixed: [FixedSetting] = []
    ) {
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.intermediate = intermediate
        self.vocabulary = vocabulary
        self.positions = positions
        self.embedding = embedding
        self.segments = segments
        self.activation = activation
        self.layerNormEpsilon = layerNormEpsilon
        self.fixed = fixed
    }

    /// A key that may be absent.
    package struct Key<Value: Sendable>: Sendable {
        /// Nil for a number that the family's models have whatever config.json says.
        let name: String?
        let fallback: Value

        package init(_ name: String, default fallback: Value) {
            self.name = name
            self.fallback = fallback
        }

        private init(constant: Value) {
            name = nil
            fallback = constant
        }

        /// One number for all of the family's models.
        package static func constant(_ value: Value) -> Key { Key(constant: value) }
    }

    /// A key that has one value or is absent.
    package struct FixedSetting: Sendable {
        enum Value: Sendable {
            case text(String)
            case number(Int)
        }

        let name: String
        let value: Value
        let remedy: String?

        package init(_ name: String, is value: String, remedy: String? = nil) {
            self.name = name
            self.value = .text(value)
            self.remedy = remedy
        }

        package init(_ name: String, is value: Int, remedy: String? = nil) {
            self.name = name
            self.value = .number(value)
            self.remedy = remedy
        }
    }
}

extension ConfigurationKeys {
    /// The names that BERT and its kin share; ε of LayerNorms is 10⁻¹² where config.json does not say it.
    static func likeBERT(
        embedding: Key<Int>? = nil, segments: Key<Int>?, fixed: [FixedSetting] = []
    ) -> ConfigurationKeys {
        ConfigurationKeys(
            hidden: "hidden_size", layers: "num_hidden_layers", heads: "num_attention_heads",
            intermediate: "intermediate_size", vocabulary: "vocab_size",
            positions: "max_position_embeddings", embedding: embedding, segments: segments,
            activation: "hidden_act", layerNormEpsilon: Key("layer_norm_eps", default: 1e-12), fixed: fixed)
    }

    /// The number of segments of BERT and its kin.
    static let segmentsLikeBERT = Key("type_vocab_size", default: 2)
}

extension ConfigurationKeys.FixedSetting {
    /// Each position has an embedding of its own, which is added to the word's.
    static let absolutePositions = Self("position_embedding_type", is: "absolute")
}
