/// The head of a family's `…ForSequenceClassification` in `transformers`, from the first token's h to logits:
/// C act(D h + e) + c.
package struct ClassifierHead: Sendable {
    /// The nonlinearity between the two maps.
    package enum Activation: String, Sendable {
        case tanh
        /// In its erf form.
        case gelu
        case relu
    }

    /// A linear map of the class.
    package struct Map: Sendable {
        /// Its module, as the class's files name it.
        package let module: String
        /// The module that contains it, or itself, by the name that PEFT's `modules_to_save` has it.
        package let saved: String
    }

    /// D [d, d] and e [d].
    package let dense: Map
    package let activation: Activation
    /// C [classes, d] and c [classes].
    package let output: Map
    /// Whether ``dense`` is the encoder's pretrained pooler.
    package let usesPooler: Bool

    /// The encoder's own pooler, and one map: BERT's.
    package static func pooler(_ module: String) -> ClassifierHead {
        ClassifierHead(
            dense: Map(module: module, saved: "pooler"), activation: .tanh,
            output: Map(module: "classifier", saved: "classifier"), usesPooler: true)
    }

    /// Two maps of a module `classifier`, on an encoder without a pooler: RoBERTa's.
    package static func classifier(_ activation: Activation) -> ClassifierHead {
        ClassifierHead(
            dense: Map(module: "classifier.dense", saved: "classifier"), activation: activation,
            output: Map(module: "classifier.out_proj", saved: "classifier"), usesPooler: false)
    }

    /// Two maps side by side, on an encoder without a pooler: DistilBERT's.
    package static let preClassifier = ClassifierHead(
        dense: Map(module: "pre_classifier", saved: "pre_classifier"), activation: .relu,
        output: Map(module: "classifier", saved: "classifier"), usesPooler: false)
}
