import Adapters
import Diagnostics
import Encoders
import Training

/// The forms in which a trained adapter can leave.
package enum ExportFormat: String, NamedChoice {
    case merged, peft, adapters

    /// Writes a folder in this form.
    ///
    /// Without `baseModel` the files name the backbone's path. The merged form needs none, and keeps the name
    /// in the backbone's config.json.
    package func write(
        _ trained: TrainedAdapter, baseModel: BaseModel? = nil, encoderOnly: Bool = false,
        to directory: String
    ) throws {
        let backbone = baseModel ?? BaseModel(path: trained.model.weights.directory)
        switch self {
        case .merged:
            try MergedFolder.write(
                trained, baseModel: baseModel?.name, encoderOnly: encoderOnly, to: directory)
        case .peft:
            try PEFTFolder.write(trained, backbone: backbone, encoderOnly: encoderOnly, to: directory)
        case .adapters:
            try AdapterHubFolder.write(
                trained, backbone: backbone.name, encoderOnly: encoderOnly, to: directory)
        }
    }

    /// The reason why a head that reads the first token is not in a sequence classifier, as users expect; nil
    /// if it is.
    ///
    /// A head that pools the mean never is.
    package func difference(of trained: TrainedAdapter) -> String? {
        let head = trained.model.head
        if self == .adapters || head.pooling == .mean { return nil }
        if SequenceClassifier(trained, on: trained.model.weights) != nil { return nil }
        let classes = trained.family.classes
        return "the head is beside the encoder, loaded by head.py: \(classes.classifier) does not compute "
            + "head: \(head.text), only head: \(HeadSettings(of: classes.head).text)"
    }

    /// Whether the form has the family and a method, perhaps with other settings.
    private func has(_ method: any AdapterMethod, _ weights: EncoderWeights) -> Bool {
        // A setting that the form lacks is a failure, a method nil.
        do {
            switch self {
            case .merged: return method.mergeability == .exact
            case .peft:
                return try PEFTFolder.foreign(
                    method, on: weights,
                    PEFTModules(family: weights.configuration.family, weights: weights, prefix: "")) != nil
            case .adapters:
                guard weights.configuration.family.classes.adapters != nil else { return false }
                return try AdapterHubFolder.foreign(method, AdapterHubModules(adapter: "", weights: weights))
                    != nil
            }
        } catch {
            return true
        }
    }

    /// The refusal of an adapter's method, with the forms that have it.
    static func refusal(_ message: String, of trained: TrainedAdapter) -> Failure {
        let others = allCases.filter { $0.has(trained.model.method, trained.model.weights) }
        let choices = others.map { "--format \($0.rawValue)" }.joined(separator: " or ")
        return .usage(
            message, at: "--format",
            remedy: (others.isEmpty ? "no format supports it: " : "choose \(choices), or ")
                + "use the run itself with predict and evaluate")
    }
}
