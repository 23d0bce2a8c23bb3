import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Training

// Hugging Face PEFT's form: adapter_config.json and adapter_model.safetensors, for a
// BertForSequenceClassification.
//
//   base_model.model.bert.MODULE.…          an adapter's tensors: see the entries PEFTLoRA, PEFTIA3, …
//   base_model.model.classifier.{weight, bias}, and the pooler if the head reads the first token without it
//
// With a head that pools the mean, or none, it is for a BertModel: base_model.model.MODULE.…

/// Adapters in the form of PEFT: LoRA, IA3 and LN-tuning.
package enum PEFTFolder {
    private static let prefix = "base_model.model."
    private static let weightsName = "adapter_model.safetensors"
    private static let configurationName = "adapter_config.json"
    /// The key of the metadata with the names of the classes, in the order of the head's rows.
    private static let labelsNote = "hadamesh.labels"

    /// Writes a folder that `PeftModel.from_pretrained` loads into the backbone's sequence classifier.
    ///
    /// The encoder's part alone, and that beside a ``MeanHead``, fits a `BertModel`. A method or setting that
    /// PEFT lacks is a failure that names it.
    static func write(
        _ trained: TrainedAdapter, backbone: String, encoderOnly: Bool, to directory: String
    ) throws {
        let classifier = encoderOnly ? nil : SequenceClassifier(trained)
        let modules = PEFTModules(
            family: trained.family,
            prefix: prefix + (classifier == nil ? "" : trained.family.tensors.prefix))
        guard let adapter = try foreign(trained.model.method, on: trained.model.weights, modules) else {
            throw ExportFormat.refusal(
                "PEFT has no \(Swift.type(of: trained.model.method).name), only lora, ia3 and layernorm",
                of: trained)
        }
        let tensors = adapter.namedTensors(of: trained) + (classifier?.namedTensors(prefix: prefix) ?? [])
        var saved: [JSONValue] = classifier == nil ? [] : ["classifier"]
        if classifier?.pooler != nil { saved.append("pooler") }
        let configuration = JSONValue.object(
            adapter.configuration + [
                ("base_model_name_or_path", .string(backbone)),
                ("task_type", classifier == nil ? "FEATURE_EXTRACTION" : "SEQ_CLS"), ("inference_mode", true),
                ("modules_to_save", saved.isEmpty ? .null : .array(saved)), ("revision", .null),
            ])
        try Directory.create(directory)
        // PEFT stores no names of classes; its readers ignore unknown metadata.
        let labels = JSONValue.array(trained.labels.map { .string($0) })
        try Safetensors.write(
            tensors, metadata: ["format": "pt", labelsNote: labels.encoded()],
            to: "\(directory)/\(weightsName)")
        if !encoderOnly { try MeanHead(trained)?.write(to: directory, isModular: true) }
        try AtomicFile.write(
            Data(configuration.encodedForReading().utf8), to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that PEFT or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let settings = ForeignSettings(
            try AdapterFolder.configuration(of: directory), at: "\(directory)/\(configurationName)")
        var file = try ForeignTensors(weightsName, in: directory, remedy: "save it with safetensors")
        let type = try settings.required("peft_type", "LORA, IA3 or LN_TUNING", \.string)
        let hasMeanHead = MeanHead.exists(in: directory)
        guard hasMeanHead || file.has("\(prefix)classifier.weight") else {
            throw Failure.data(
                "has no classifier", at: "\(directory)/\(weightsName)",
                remedy: "only adapters of sequence classifiers, with their head, can be used")
        }
        guard let entry = entries.first(where: { $0.type == type }) else {
            throw Failure.data(
                "'peft_type' is \"\(type)\", which has no counterpart here",
                at: "\(directory)/\(configurationName)", remedy: "supported: LORA, IA3, LN_TUNING")
        }
        let family = weights.configuration.family
        let modules = PEFTModules(
            family: family, prefix: prefix + (hasMeanHead ? "" : family.tensors.prefix))
        let section = try entry.read(
            settings, PEFTSurvey(file: file, modules: modules, weights: weights))
        let adapter = try AdapterSettings(json: section)
        var tensors = try foreign(adapter.method, on: weights, modules).map { try file.read($0) } ?? [:]
        if hasMeanHead {
            try file.requireAllRead()
            let labels = try MeanHead.read(directory, into: &tensors)
            return ImportedAdapter(
                software: "PEFT", adapter: adapter, pooling: .mean, labels: labels, tensors: tensors)
        }
        let pooling = try SequenceClassifier.read(&file, of: family, prefix: prefix, into: &tensors)
        try file.requireAllRead()
        let note = try file.metadata(labelsNote).map {
            try JSONValue(parsing: Data($0.utf8), at: "\(directory)/\(weightsName): note '\(labelsNote)'")
        }
        return ImportedAdapter(
            software: "PEFT", adapter: adapter, pooling: pooling,
            labels: note?.array?.compactMap(\.string), tensors: tensors)
    }

    // MARK: Methods

    /// The methods that PEFT has.
    private static let entries: [any PEFTEntry.Type] = [PEFTLoRA.self, PEFTIA3.self, PEFTLayerNorm.self]

    /// A method in PEFT's form; nil if PEFT does not have it.
    static func foreign(
        _ method: any AdapterMethod, on weights: EncoderWeights, _ modules: PEFTModules
    ) throws -> ForeignAdapter? {
        let slices = try method.slices(on: weights, seed: 0)
        for entry in entries {
            if let adapter = try entry.write(method, slices, modules) { return adapter }
        }
        return nil
    }
}
