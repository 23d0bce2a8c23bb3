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
//   base_model.model.classifier.{weight, bias}, or the head's maps as the family's class names them
//
// With a head that the class can't compute, or none, it is for a BertModel: base_model.model.MODULE.…

/// Adapters in the form of PEFT: LoRA, IA3, LN-tuning, and HUT of low rank as HiRA.
package enum PEFTFolder {
    private static let prefix = "base_model.model."
    private static let weightsName = "adapter_model.safetensors"
    private static let configurationName = "adapter_config.json"
    /// The key of the metadata with the names of the classes, in the order of the head's rows.
    private static let labelsNote = "hadamesh.labels"

    /// Writes a folder that `PeftModel.from_pretrained` loads into the backbone's sequence classifier.
    ///
    /// The encoder's part alone, and that beside a ``SeparateHead``, fits a `BertModel`. A method or setting
    /// that PEFT lacks is a failure that names it.
    static func write(
        _ trained: TrainedAdapter, backbone: BaseModel, encoderOnly: Bool, to directory: String
    ) throws {
        let classifier = encoderOnly ? nil : SequenceClassifier(trained, on: trained.model.weights)
        let modules = PEFTModules(
            family: trained.family, weights: trained.model.weights,
            prefix: prefix + (classifier == nil ? "" : trained.family.tensors.prefix))
        guard let adapter = try foreign(trained.model.method, on: trained.model.weights, modules) else {
            throw ExportFormat.refusal(
                "PEFT has no \(Swift.type(of: trained.model.method).name), only lora, ia3, layernorm and hut",
                of: trained)
        }
        let tensors = adapter.namedTensors(of: trained) + (classifier?.namedTensors(prefix: prefix) ?? [])
        let saved = (classifier?.saved ?? []).map { JSONValue.string($0) }
        let configuration = JSONValue.object(
            adapter.configuration + [
                ("base_model_name_or_path", .string(backbone.name)),
                ("revision", backbone.revision.map { .string($0) } ?? .null),
                ("task_type", classifier == nil ? "FEATURE_EXTRACTION" : "SEQ_CLS"), ("inference_mode", true),
                ("modules_to_save", saved.isEmpty ? .null : .array(saved)),
            ])
        try Directory.create(directory)
        // PEFT stores no names of classes; its readers ignore unknown metadata.
        let labels = JSONValue.array(trained.labels.map { .string($0) })
        try Safetensors.write(
            tensors, metadata: ["format": "pt", labelsNote: labels.encoded()],
            to: "\(directory)/\(weightsName)")
        if !encoderOnly, classifier == nil {
            try SeparateHead(trained).write(to: directory, isModular: true)
        }
        try JSONFile.write(configuration, to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that PEFT or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let settings = JSONSection(
            try AdapterFolder.configuration(of: directory), at: "\(directory)/\(configurationName)")
        var file = try ForeignTensors(weightsName, in: directory, remedy: "save it with safetensors")
        let type = try settings.required("peft_type", "a name such as LORA", \.string)
        let family = weights.configuration.family
        let hasOwnHead = SeparateHead.exists(in: directory)
        guard hasOwnHead || SequenceClassifier.exists(in: file, of: family, prefix: prefix) else {
            throw Failure.data(
                "has no classifier", at: "\(directory)/\(weightsName)",
                remedy: "only adapters of sequence classifiers, with their head, can be used")
        }
        guard let entry = entries.first(where: { $0.type == type }) else {
            throw Failure.data(
                "'peft_type' is \"\(type)\", which has no counterpart here",
                at: "\(directory)/\(configurationName)",
                remedy: "supported: \(entries.map { $0.type }.joined(separator: ", "))")
        }
        let modules = PEFTModules(
            family: family, weights: weights, prefix: prefix + (hasOwnHead ? "" : family.tensors.prefix))
        let section = try entry.read(
            settings, PEFTSurvey(file: file, modules: modules, weights: weights))
        let adapter = try AdapterSettings(json: section)
        var tensors = try foreign(adapter.method, on: weights, modules).map { try file.read($0) } ?? [:]
        if hasOwnHead {
            try file.requireAllRead()
            let head = try SeparateHead.read(directory, into: &tensors)
            return ImportedAdapter(software: "PEFT", adapter: adapter, head, tensors: tensors)
        }
        let head = try SequenceClassifier.read(&file, on: weights, prefix: prefix, into: &tensors)
        try file.requireAllRead()
        let note = try file.metadata(labelsNote).map {
            try JSONValue(parsing: Data($0.utf8), at: "\(directory)/\(weightsName): note '\(labelsNote)'")
        }
        return ImportedAdapter(
            software: "PEFT", adapter: adapter,
            ForeignHead(settings: head, labels: note?.array?.compactMap(\.string)), tensors: tensors)
    }

    // MARK: Methods

    /// The methods that PEFT has.
    private static let entries: [any PEFTEntry.Type] = [
        PEFTLoRA.self, PEFTIA3.self, PEFTLayerNorm.self, PEFTHiRA.self,
    ]

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
