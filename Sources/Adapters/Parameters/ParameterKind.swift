import Diagnostics

/// The kind of a trained tensor: sharing rules, learning rates and weight decay are set by kind.
package enum ParameterKind: String, NamedChoice, CodingKey {
    /// Multiplies or maps activations.
    case weight
    /// Is added to activations.
    case bias
    /// γ or β of a LayerNorm.
    case norm
    /// The classifier or regressor on top.
    case head
}
