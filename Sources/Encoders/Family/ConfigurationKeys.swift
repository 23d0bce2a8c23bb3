/// How a family's config.json states an encoder's shape.
package struct ConfigurationKeys: Sendable {
    let hidden, layers, heads, intermediate, vocabulary, positions: String
    /// Nil for a family without segment embeddings.
    let segments: Key<Int>?
    let layerNormEpsilon: Key<Double>
    /// Settings of the forward pass that must have the one value that is computed here.
    let fixed: [FixedSetting]

    package init(
        hidden: String, layers: String, heads: String, intermediate: String, vocabulary: String,
        positions: String, segments: Key<Int>?, layerNormEpsilon: Key<Double>, fixed: [FixedSetting]
    ) {
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.intermediate = intermediate
        self.vocabulary = vocabulary
        self.positions = positions
        self.segments = segments
        self.layerNormEpsilon = layerNormEpsilon
        self.fixed = fixed
    }

    /// A key that may be absent.
    package struct Key<Value: Sendable>: Sendable {
        let name: String
        let fallback: Value

        package init(_ name: String, default fallback: Value) {
            self.name = name
            self.fallback = fallback
        }
    }

    /// A key that has one value or is absent.
    package struct FixedSetting: Sendable {
        let name: String
        let value: String
        let remedy: String?

        package init(_ name: String, is value: String, remedy: String? = nil) {
            self.name = name
            self.value = value
            self.remedy = remedy
        }
    }
}
