import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Tasks
import Training

/// A plain Hugging Face model: the backbone with an adapter folded in, and the head.
package enum MergedFolder {
    /// Writes config.json, model.safetensors and the tokenizer's files.
    ///
    /// With a head that the family's sequence classifier has, it is that class, otherwise the encoder with a
    /// ``SeparateHead`` beside it or none. A method that cannot be folded into the weights is a failure
    /// with the reason.
    static func write(
        _ trained: TrainedAdapter, baseModel: String?, encoderOnly: Bool, to directory: String
    ) throws {
        if case .never(let reason) = trained.model.method.mergeability {
            throw ExportFormat.refusal(
                "\(type(of: trained.model.method).name) can't be merged: \(reason)", of: trained)
        }
        let merged = trained.values.withUnsafeBufferPointer { values in
            // There is always a head, so the values are not empty.
            values.baseAddress.map {
                trained.model.method.merged(
                    BoundParameters(trained.layout, values: $0, gradient: nil), into: trained.model.weights)
            }
        }
        let weights = merged?.weights ?? trained.model.weights
        let classifier = encoderOnly ? nil : SequenceClassifier(trained, on: weights)
        let family = trained.family
        var tensors = weights.namedTensors(prefix: classifier == nil ? "" : family.tensors.prefix)
        if let classifier {
            let own = classifier.namedTensors()
            let names = Set(own.map(\.name))
            // A class whose own dense layer takes the pooler's place has no pooler.
            let pooler = family.classes.head.usesPooler ? nil : family.tensors.pooler
            tensors =
                tensors.filter { tensor in
                    !names.contains(tensor.name)
                        && !(pooler.map { tensor.name.hasPrefix("\(family.tensors.prefix)\($0).") } ?? false)
                } + own
        }
        try Directory.create(directory)
        try Safetensors.write(tensors, metadata: ["format": "pt"], to: "\(directory)/model.safetensors")
        try TokenizerCopy.write(
            of: trained.model.weights, maximumTokens: encoderOnly ? nil : trained.maximumTokens, to: directory
        )
        if !encoderOnly, classifier == nil {
            try SeparateHead(trained).write(to: directory, isModular: true)
        }
        let configuration = try configuration(trained, baseModel, encoderOnly: classifier == nil)
        try JSONFile.write(configuration, to: "\(directory)/config.json")
    }

    /// The config.json of the merged model, from the backbone's.
    private static func configuration(
        _ trained: TrainedAdapter, _ baseModel: String?, encoderOnly: Bool
    ) throws -> JSONValue {
        let path = "\(trained.model.weights.directory)/config.json"
        guard let data = FileManager.default.contents(atPath: path),
            var members = try JSONValue(parsing: data, at: path).object
        else { throw Failure.data("no readable config.json", at: path) }
        func set(_ key: String, _ value: JSONValue) {
            members.removeAll { $0.0 == key }
            members.append((key, value))
        }
        set(
            "architectures",
            [.string(encoderOnly ? trained.family.classes.encoder : trained.family.classes.classifier)])
        set("dtype", "float32")
        if let baseModel { set("_name_or_path", .string(baseModel)) }
        members.removeAll { $0.0 == "torch_dtype" || $0.0 == "num_labels" }
        if !encoderOnly {
            let labels = trained.labels
            set("id2label", .object(labels.enumerated().map { ("\($0)", .string($1)) }))
            set("label2id", .object(labels.enumerated().map { ($1, .integer($0)) }))
            switch trained.output {
            case .classes(_): set("problem_type", "single_label_classification")
            case .regression(_): set("problem_type", "regression")
            }
        }
        return .object(members)
    }
}
