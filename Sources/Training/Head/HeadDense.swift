import Diagnostics
import Kernels

/// The trained layer between a head's pooling and its map to the logits.
///
/// On the first token (`cls`) it makes the head that a `…ForSequenceClassification` of `transformers` has.
package enum HeadDense: String, NamedChoice {
    /// No such layer.
    case none
    /// tanh: RoBERTa, XLM-RoBERTa, CamemBERT, MPNet; BERT, if its pooler is trained with the head.
    case tanh
    /// GELU in its erf form: ELECTRA.
    case gelu
    /// ReLU: DistilBERT.
    case relu

    var activation: Activation? { Activation(rawValue: rawValue) }

    /// Whether the layer's input has dropout, as its output always has.
    var dropsInput: Bool { self != .relu }
}
