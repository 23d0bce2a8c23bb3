/// Classes of `transformers` and `adapters` that load a family's exports.
package struct ModelClasses: Sendable {
    /// The encoder alone.
    package let encoder: String
    /// The encoder with a classifier, which has ``head``.
    package let classifier: String
    /// The computation of ``classifier`` above the encoder, and the names of its tensors.
    package let head: ClassifierHead
    /// The tokenizer, where a folder's files do not name it.
    package let tokenizer: String
    /// AdapterHub's model with interchangeable adapters and heads; nil for a family that it lacks.
    package let adapters: String?
    /// The modules of a layer in ``adapters`` that hold bottlenecks.
    package let bottlenecks: Bottlenecks

    /// The modules that hold the bottlenecks after the attention and after the feed-forward layer.
    package struct Bottlenecks: Sendable {
        package let attention, output: String

        package init(attention: String, output: String) {
            (self.attention, self.output) = (attention, output)
        }
    }

    package init(
        encoder: String, classifier: String, head: ClassifierHead, tokenizer: String, adapters: String?,
        bottlenecks: Bottlenecks = Bottlenecks(attention: "attention.output", output: "output")
    ) {
        self.bottlenecks = bottlenecks
        self.encoder = encoder
        self.classifier = classifier
        self.head = head
        self.tokenizer = tokenizer
        self.adapters = adapters
    }
}
