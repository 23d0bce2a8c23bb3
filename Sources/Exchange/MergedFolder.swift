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
    /// With the head it is the family's sequence classifier, otherwise its encoder. A method that cannot be
    /// folded into the weights is a failure with the reason.
    package static func write(_ trained: TrainedAdapter, encoderOnly: Bool, to directory: String) throws {
        if case .never(let reason) = trained.model.method.mergeability {
            throw Failure.usage(
                "\(type(of: trained.model.method).name) can't be merged: \(reason)", at: "--format",
                remedy: "a run directory is complete without it: use predict and evaluate")
        }
        let classifier = encoderOnly ? nil : try SequenceClassifier(trained)
        let merged = trained.values.withUnsafeBufferPointer { values in
            // There is always a head, so the values are not empty.
            values.baseAddress.map {
                trained.model.method.merged(
                    BoundParameters(trained.layout, values: $0, gradient: nil), into: trained.model.weights)
            }
        }
        var tensors = (merged?.weights ?? trained.model.weights).namedTensors(
            prefix: encoderOnly ? "" : trained.family.tensors.prefix)
        if let classifier {
            let own = classifier.namedTensors()
            let names = Set(own.map(\.name))
            tensors = tensors.filter { !names.contains($0.name) } + own
        }
        try Directory.create(directory)
        try Safetensors.write(tensors, metadata: ["format": "pt"], to: "\(directory)/model.safetensors")
        try copyTokenizer(from: trained.model.weights.directory, to: directory)
        let configuration = try configuration(trained, encoderOnly: encoderOnly)
        try AtomicFile.write(
            Data(configuration.encodedForReading().utf8), to: "\(directory)/config.json")
    }

    /// The config.json of the merged model, from the backbone's.
    private static func configuration(_ trained: TrainedAdapter, encoderOnly: Bool) throws -> JSONValue {
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

    private static func copyTokenizer(from source: String, to directory: String) throws {
        let names = [
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "vocab.txt",
        ]
        for name in names {
            guard let data = FileManager.default.contents(atPath: "\(source)/\(name)") else { continue }
            try AtomicFile.write(data, to: "\(directory)/\(name)")
        }
    }
}
