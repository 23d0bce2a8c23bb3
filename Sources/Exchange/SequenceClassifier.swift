import Diagnostics
import Encoders
import Formats
import Training

// The form of transformers' BertForSequenceClassification: logits = classifier(tanh(pooler(h_first))), the pooler with weights W and
// bias b, the classifier with C and c.
//
//   head pools with the pooler    W, b the backbone's or the trained ones; C, c the head's
//   head pools the first token    W = ε I, b = 0, C the head's / ε, c the head's: tanh(ε h) / ε = h (1 − ε² h² / 3 + …),
//                                 and with ε = 2⁻¹⁴ the second term is 1e-9 h²: nothing is left of it in a float
//   head pools the mean           can't be said: this class reads the first token alone

/// The pooler and classifier that make transformers' sequence classifier compute what a head does.
struct SequenceClassifier {
    private let family: EncoderFamily
    /// W [d, d] and b [d]; nil where the backbone's own are read.
    let pooler: (weight: [Float], bias: [Float])?
    /// C [classes, d] and c [classes].
    let classifier: (weight: [Float], bias: [Float])

    private static let epsilon: Float = 0x1p-14

    /// The tensors for an adapter's head; one that pools the mean is a failure.
    init(_ trained: TrainedAdapter) throws {
        let (weight, bias) = (trained.tensor(HeadSlice.weight), trained.tensor(HeadSlice.bias))
        let d = trained.model.weights.configuration.hidden
        family = trained.family
        switch trained.model.head.pooling {
        case .pooler:
            pooler = nil
            classifier = (weight, bias)
        case .cls:
            var identity = [Float](repeating: 0, count: d * d)
            for i in 0..<d { identity[i * d + i] = Self.epsilon }
            pooler = (identity, [Float](repeating: 0, count: d))
            classifier = (weight.map { $0 / Self.epsilon }, bias)
        case .mean:
            throw Failure.usage(
                "the head pools 'mean', and \(family.classes.classifier) reads the first token alone",
                at: "head.pooling",
                remedy: "export the encoder with --encoder-only, or train with pooling 'cls' or 'pooler'")
        }
    }

    /// The tensors under the names of the module, with a prefix before those of the encoder and `classifier`.
    func namedTensors(prefix: String = "") -> [NamedTensor] {
        let (classes, d) = (classifier.bias.count, classifier.weight.count / max(1, classifier.bias.count))
        var tensors = [
            NamedTensor(
                name: "\(prefix)classifier.weight", shape: [classes, d], values: .float(classifier.weight)),
            NamedTensor(name: "\(prefix)classifier.bias", shape: [classes], values: .float(classifier.bias)),
        ]
        if let pooler {
            let module = Self.pooler(of: family, prefix: prefix)
            tensors += [
                NamedTensor(
                    name: "\(module).weight", shape: [d, d], values: .float(pooler.weight)),
                NamedTensor(
                    name: "\(module).bias", shape: [d], values: .float(pooler.bias)),
            ]
        }
        return tensors
    }

    private static func pooler(of family: EncoderFamily, prefix: String) -> String {
        prefix + family.tensors.prefix + (family.tensors.pooler ?? "")
    }

    /// Reads the tensors of the module back into a head's, and says how that head pools.
    ///
    /// A pooler that was trained has no counterpart beside an adapter, and is a failure.
    static func read(
        _ file: inout ForeignTensors, of family: EncoderFamily, prefix: String,
        into tensors: inout [String: [Float]]
    ) throws -> Pooling {
        var weight = try file.read("\(prefix)classifier.weight")
        tensors[HeadSlice.bias] = try file.read("\(prefix)classifier.bias")
        let pooler = pooler(of: family, prefix: prefix)
        var pooling = Pooling.pooler
        if file.has("\(pooler).weight") {
            let identity = try file.read("\(pooler).weight")
            let bias = try file.read("\(pooler).bias")
            let d = bias.count
            let isScaled =
                identity.count == d * d && bias.allSatisfy { $0 == 0 }
                && identity.enumerated().allSatisfy { $1 == ($0 % (d + 1) == 0 ? epsilon : 0) }
            guard isScaled else {
                throw Failure.data(
                    "has a trained pooler '\(pooler)', which has no counterpart beside an adapter",
                    remedy: "train with the backbone's own pooler")
            }
            weight = weight.map { $0 * epsilon }
            pooling = .cls
        }
        tensors[HeadSlice.weight] = weight
        return pooling
    }
}
