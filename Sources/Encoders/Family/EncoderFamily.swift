/// A family of encoders: the data by which its files and embeddings differ from another's.
///
/// All families share one computation and one set of sites. A new one is a file with a constant like
/// ``bert``, and a line in ``all``.
package struct EncoderFamily: Sendable {
    /// `model_type` in config.json and in adapters' files.
    package let name: String
    /// The family's name in messages.
    package let title: String
    /// How config.json states the shape.
    package let keys: ConfigurationKeys
    package let tensors: TensorNames
    package let classes: ModelClasses
    /// The rows of the position table that a sequence's tokens read.
    let positions: PositionCounting
    /// Whether the attention's output has dropout, as the feed-forward layer's has.
    let dropsAttentionOutput: Bool
    /// Whether the tokenizers of its published models are of a kind that is read.
    let hasReadableTokenizer: Bool
    /// Models of the same `model_type` that are refused.
    let refused: [RefusedModel]

    package init(
        name: String, title: String, keys: ConfigurationKeys, tensors: TensorNames, classes: ModelClasses,
        positions: PositionCounting = .fromZero, dropsAttentionOutput: Bool = true,
        hasReadableTokenizer: Bool = true, refused: [RefusedModel] = []
    ) {
        self.name = name
        self.title = title
        self.keys = keys
        self.tensors = tensors
        self.classes = classes
        self.positions = positions
        self.dropsAttentionOutput = dropsAttentionOutput
        self.hasReadableTokenizer = hasReadableTokenizer
        self.refused = refused
    }

    /// Every family that can be loaded.
    package static let all: [EncoderFamily] = [
        bert, roberta, xlmRoberta, camembert, electra, distilbert, mpnet,
    ]
}

extension EncoderFamily: CustomStringConvertible {
    package var description: String { name }
}

extension EncoderFamily: Equatable {
    /// Families are equal if their names are.
    package static func == (left: EncoderFamily, right: EncoderFamily) -> Bool { left.name == right.name }
}
