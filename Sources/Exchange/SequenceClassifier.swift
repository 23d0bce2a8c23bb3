import Diagnostics
import Encoders
import Formats
import Training

// The form of transformers' BertForSequenceClassification: logits = classifier(tanh(pooler(h_first))), with
// the pooler's W and b and the classifier's C and c. It can express a head that pools
//
//   with the pooler    W, b the backbone's or the trained ones; C, c the head's
//   the first token    W = ε I, b = 0, C the head's / ε, c the head's
//
// since tanh(ε h) / ε = h (1 − ε² h² / 3 + …), whose second term, 1e-9 h² for ε = 2⁻¹⁴, vanishes in a float.
// It cannot express a head that pools the mean: the class reads the first token only. See MeanHead.

/// The pooler and classifier with which transformers' sequence classifier computes a head's logits.
struct SequenceClassifier {
    private let family: EncoderFamily
    /// W [d, d] and b [d]; nil for the backbone's.
    let pooler: LinearValues?
    /// C [classes, d] and c [classes].
    let classifier: LinearValues

    private static let epsilon: Float = 0x1p-14

    /// The tensors for an adapter's head; nil if it pools the mean.
    init?(_ trained: TrainedAdapter) {
        let head = trained.head
        let d = trained.model.weights.configuration.hidden
        family = trained.family
        switch trained.model.head.pooling {
        case .pooler:
            pooler = nil
            classifier = head
        case .cls:
            var identity = [Float](repeating: 0, count: d * d)
            for i in 0..<d { identity[i * d + i] = Self.epsilon }
            pooler = LinearValues(weight: identity, bias: [Float](repeating: 0, count: d))
            classifier = LinearValues(weight: head.weight.map { $0 / Self.epsilon }, bias: head.bias)
        case .mean: return nil
        }
    }

    /// The tensors by their names in the class, with a prefix.
    func namedTensors(prefix: String = "") -> [NamedTensor] {
        classifier.namedTensors(of: "\(prefix)classifier")
            + (pooler?.namedTensors(of: Self.pooler(of: family, prefix: prefix)) ?? [])
    }

    private static func pooler(of family: EncoderFamily, prefix: String) -> String {
        prefix + family.tensors.prefix + (family.tensors.pooler ?? "")
    }

    /// Reads the tensors back into a head's and returns the head's pooling.
    ///
    /// A trained pooler has no counterpart beside an adapter, and is a failure.
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
