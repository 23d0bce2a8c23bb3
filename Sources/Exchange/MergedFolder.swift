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
    /// With a head that reads the first token it is the family's sequence classifier, otherwise its encoder,
    /// with a ``MeanHead`` beside it or none. A method that cannot be folded into the weights is a failure
    /// with the reason.
    static func write(
        _ trained: TrainedAdapter, baseModel: String?, encoderOnly: Bool, to directory: String
    ) throws {
        if case .never(let reason) = trained.model.method.mergeability {
            throw ExportFormat.refusal(
                "\(type(of: trained.model.method).name) can't be merged: \(reason)", of: trained)
        }
        let classifier = encoderOnly ? nil : SequenceClassifier(trained)
        let merged = trained.values.withUnsafeBufferPointer { values in
            // There is always a head, so the values are not empty.
            values.baseAddress.map {
                trained.model.method.merged(
                    BoundParameters(trained.layout, values: $0, gradient: nil), into: trained.model.weights)
            }
        }
        var tensors = (merged?.weights ?? trained.model.weights).namedTensors(
            prefix: classifier == nil ? "" : trained.family.tensors.prefix)
        if let classifier {
            let own = classifier.namedTensors()
            let names = Set(own.map(\.name))
            tensors = tensors.filter { !names.contains($0.name) } + own
        }
        try Directory.create(directory)
        try Safetensors.write(tensors, metadata: ["format": "pt"], to: "\(directory)/model.safetensors")
        try TokenizerCopy.write(from: trained.model.weights.directory, to: directory)
        if !encoderOnly { try MeanHead(trained)?.write(to: directory, isModular: true) }
        let configuration = try configuration(trained, baseModel, encoderOnly: classifier == nil)
        try AtomicFile.write(
            Data(configuration.encodedForReading().utf8), to: "\(directory)/config.json")
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
