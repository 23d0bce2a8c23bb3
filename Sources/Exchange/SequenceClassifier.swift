import Diagnostics
import Encoders
import Formats
import Training

// The head of a family's …ForSequenceClassification, C act(D h + e) + c on the first token's h, computes the
// logits W p + b of a head of ours that
//
//   reads the pooler            if act is tanh: D, e the pooler's (the backbone's or trained); C, c = W, b
//   has a dense layer V, v      if act is the layer's: D, e = V, v; C, c = W, b
//   reads the first token       if act is tanh or GELU, linear near 0: D = ε I, e = 0; C, c = W / (ε s), b
//
// since act(ε h) = s ε h (1 + …) with a second term that vanishes in a float: for tanh s = 1, and
// ε² h² / 3 is 1e-9 h² for ε = 2⁻¹⁴; for GELU s = ½, and 0.8 ε h is 5e-11 h for ε = 2⁻³⁴. ReLU has no
// such place.
// Powers of two scale without rounding, so reading restores every bit. No class computes a head that pools
// the mean. See SeparateHead for the others.

/// A head in the form of the family's sequence classifier in `transformers`.
struct SequenceClassifier {
    private let form: ClassifierHead
    /// D and e; nil for the backbone's own pooler, where the class has it already.
    let dense: LinearValues?
    /// C and c.
    let output: LinearValues

    /// The tensors for an adapter's head, on an encoder with merged weights; nil if the class has another.
    init?(_ trained: TrainedAdapter, on weights: EncoderWeights) {
        form = trained.family.classes.head
        let (head, d) = (trained.model.head, weights.configuration.hidden)
        switch (head.pooling, head.dense) {
        case (.pooler, .none):
            guard form.activation == .tanh, let pooler = weights.pooler else { return nil }
            dense = form.usesPooler ? nil : LinearValues(pooler)
            output = trained.head
        case (.cls, .none):
            guard let identity = form.activation.identity else { return nil }
            dense = .scaled(identity.scale, width: d)
            output = LinearValues(
                weight: trained.head.weight.map { $0 / identity.factor }, bias: trained.head.bias)
        case (.cls, let layer):
            guard layer == HeadDense(form.activation) else { return nil }
            dense = trained.headDense
            output = trained.head
        case (.pooler, _), (.mean, _):
            return nil
        }
    }

    /// The tensors by their names in the class, with a prefix.
    func namedTensors(prefix: String = "") -> [NamedTensor] {
        output.namedTensors(of: prefix + form.output.module)
            + (dense?.namedTensors(of: prefix + form.dense.module) ?? [])
    }

    /// The modules that PEFT saves beside the adapter.
    var saved: [String] {
        let names = [form.output.saved] + (dense == nil ? [] : [form.dense.saved])
        return names[0] == names.last ? [names[0]] : names
    }

    /// Whether a file has the head of the family's class.
    static func exists(in file: ForeignTensors, of family: EncoderFamily, prefix: String) -> Bool {
        file.has("\(prefix)\(family.classes.head.output.module).weight")
    }

    /// Reads the tensors back into those of the head that they were written for, or of an equal one.
    static func read(
        _ file: inout ForeignTensors, on weights: EncoderWeights, prefix: String,
        into tensors: inout [String: [Float]]
    ) throws -> HeadSettings {
        let form = weights.configuration.family.classes.head
        let output = try LinearValues(&file, prefix + form.output.module)
        tensors[HeadSlice.weight] = output.weight
        tensors[HeadSlice.bias] = output.bias
        let module = prefix + form.dense.module
        if form.usesPooler, !file.has("\(module).weight") { return HeadSettings(pooling: .pooler) }
        guard file.has("\(module).weight") else {
            throw Failure.data(
                "has no '\(form.dense.module)', a layer of "
                    + "\(weights.configuration.family.classes.classifier) that has random weights unless it "
                    + "is trained",
                at: file.path, remedy: "save it with modules_to_save=[\"\(form.dense.saved)\", …]")
        }
        let dense = try LinearValues(&file, module)
        let hidden = weights.configuration.hidden
        guard dense.bias.count == hidden, dense.weight.count == hidden * hidden else {
            throw Failure.data(
                "tensor '\(module).weight' has \(dense.weight.count) numbers and its bias "
                    + "\(dense.bias.count), expected a map of \(hidden) to \(hidden)",
                at: file.path, remedy: "the adapter belongs to a backbone of another width")
        }
        if let identity = form.activation.identity, dense == .scaled(identity.scale, width: hidden) {
            tensors[HeadSlice.weight] = output.weight.map { $0 * identity.factor }
            return HeadSettings(pooling: .cls)
        }
        if form.activation == .tanh, let pooler = weights.pooler, dense == LinearValues(pooler) {
            return HeadSettings(pooling: .pooler)
        }
        tensors[HeadSlice.denseWeight] = dense.weight
        tensors[HeadSlice.denseBias] = dense.bias
        return HeadSettings(pooling: .cls, dense: HeadDense(form.activation))
    }
}

extension ClassifierHead.Activation {
    /// A scale ε of the input at which the activation is linear in a float, and ε s with its slope s there.
    fileprivate var identity: (scale: Float, factor: Float)? {
        switch self {
        case .tanh: (0x1p-14, 0x1p-14)
        case .gelu: (0x1p-34, 0x1p-35)
        case .relu: nil
        }
    }
}
