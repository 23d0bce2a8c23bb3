package import Encoders

extension HeadSettings {
    /// The head that a family's `…ForSequenceClassification` has.
    package init(of classifier: ClassifierHead, dropout: Double = 0) {
        let dense = HeadDense(classifier.activation)
        self.init(
            pooling: classifier.usesPooler ? .pooler : .cls, dense: classifier.usesPooler ? .none : dense,
            dropout: dropout)
    }

    /// The settings as a study has them, without dropout.
    package var text: String {
        "{ pooling: \(pooling.rawValue)\(dense == .none ? "" : ", dense: \(dense.rawValue)") }"
    }
}

extension HeadDense {
    /// The layer with the nonlinearity of a family's classifier.
    package init(_ activation: ClassifierHead.Activation) {
        switch activation {
        case .tanh: self = .tanh
        case .gelu: self = .gelu
        case .relu: self = .relu
        }
    }
}
