import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Tasks
import Training

// The form of AdapterHub's `adapters` library, for a BertAdapterModel: adapter_config.json,
// adapter.safetensors, and for the head head_config.json and model_head.safetensors. NAME is the adapter's.
//
//   bert.MODULE.{adapters, loras}.NAME.…   tensors: see AdapterHubBottleneck, AdapterHubLoRA, …
//   heads.NAME.1.{weight, bias}

/// Adapters in the form of AdapterHub: Houlsby, Pfeiffer and parallel bottlenecks, LoRA and IA3.
package enum AdapterHubFolder {
    private static let weightsName = "adapter.safetensors"
    static let configurationName = "adapter_config.json"
    private static let headWeightsName = "model_head.safetensors"
    private static let headConfigurationName = "head_config.json"

    /// Writes a folder for `load_adapter(…, use_safetensors=True)` of a `BertAdapterModel`, with or without
    /// the head.
    ///
    /// AdapterHub's heads read the first token; one that pools the mean is a ``MeanHead``. A method or setting
    /// that AdapterHub lacks is a failure that names it.
    static func write(
        _ trained: TrainedAdapter, backbone: String, encoderOnly: Bool, to directory: String
    ) throws {
        let method = trained.model.method
        guard
            let adapter = try foreign(
                method, AdapterHubModules(adapter: trained.task, weights: trained.model.weights))
        else {
            throw ExportFormat.refusal(
                "AdapterHub has no \(Swift.type(of: method).name), "
                    + "only houlsby, pfeiffer, parallel, lora and ia3",
                of: trained)
        }
        guard let modelClass = trained.family.classes.adapters else {
            throw ExportFormat.refusal("AdapterHub has no \(trained.family.title)", of: trained)
        }
        func described(_ config: [(String, JSONValue)]) -> Data {
            let object = JSONValue.object([
                ("config", .object(config)),
                ("hidden_size", .integer(trained.model.weights.configuration.hidden)),
                ("model_class", .string(modelClass)), ("model_name", .string(backbone)),
                ("model_type", .string(trained.family.name)), ("name", .string(trained.task)),
                ("version", "adapters.1.3.0"),
            ])
            return Data(object.encodedForReading().utf8)
        }
        try Directory.create(directory)
        try Safetensors.write(adapter.namedTensors(of: trained), to: "\(directory)/\(weightsName)")
        if !encoderOnly, let head = MeanHead(trained) {
            try head.write(to: directory, isModular: false)
        } else if !encoderOnly {
            let labels = trained.labels
            let head = trained.head.namedTensors(of: headModule(trained.task))
            try Safetensors.write(head, to: "\(directory)/\(headWeightsName)")
            try AtomicFile.write(
                described([
                    ("head_type", "classification"), ("num_labels", .integer(labels.count)), ("layers", 1),
                    ("activation_function", .null), ("bias", true), ("dropout_prob", .null),
                    ("use_pooler", .bool(trained.model.head.pooling == .pooler)),
                    ("label2id", .object(labels.enumerated().map { ($1, .integer($0)) })),
                ]), to: "\(directory)/\(headConfigurationName)")
        }
        try AtomicFile.write(described(adapter.configuration), to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that AdapterHub or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let path = "\(directory)/\(configurationName)"
        let whole = ForeignSettings(try AdapterFolder.configuration(of: directory), at: path)
        let name = try whole.required("name", "a name", \.string)
        try whole.require("hidden_size", .integer(weights.configuration.hidden))
        try whole.require("model_type", .string(weights.configuration.family.name))
        let settings = try whole.settings("config")
        var file = try ForeignTensors(
            weightsName, in: directory, remedy: "save it with use_safetensors=True")
        let modules = AdapterHubModules(adapter: name, weights: weights)
        let adapter = try AdapterSettings(json: try section(settings, file, modules))
        var tensors = try foreign(adapter.method, modules).map { try file.read($0) } ?? [:]
        try file.requireAllRead()
        let (pooling, labels) =
            MeanHead.exists(in: directory)
            ? (.mean, try MeanHead.read(directory, into: &tensors))
            : try readHead(directory, name, into: &tensors)
        return ImportedAdapter(
            software: "AdapterHub", adapter: adapter, pooling: pooling, labels: labels, tensors: tensors)
    }

    private static func readHead(
        _ directory: String, _ name: String, into tensors: inout [String: [Float]]
    ) throws -> (Pooling, labels: [String]?) {
        let path = "\(directory)/\(headConfigurationName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no \(headConfigurationName)", at: directory,
                remedy: "save it with its head: only adapters with a head can be used")
        }
        let whole = ForeignSettings(try JSONValue(parsing: data, at: path), at: path)
        let settings = try whole.settings("config")
        try settings.require("head_type", "classification")
        try settings.require("layers", 1)
        try settings.require("bias", true)
        var file = try ForeignTensors(headWeightsName, in: directory)
        tensors[HeadSlice.weight] = try file.read("\(headModule(name)).weight")
        tensors[HeadSlice.bias] = try file.read("\(headModule(name)).bias")
        try file.requireAllRead()
        let rows = settings["label2id"]?.object?.map { (label: $0, row: $1.int ?? -1) }.sorted {
            $0.row < $1.row
        }
        let isComplete =
            rows.map { $0.map(\.row) == Array(0..<(tensors[HeadSlice.bias]?.count ?? 0)) } ?? false
        return (settings["use_pooler"] == true ? .pooler : .cls, isComplete ? rows?.map(\.label) : nil)
    }

    /// The linear map of a head with one layer; module 0 is its dropout.
    private static func headModule(_ adapter: String) -> String { "heads.\(adapter).1" }

    // MARK: Methods

    /// The methods that AdapterHub has.
    private static let entries: [any AdapterHubEntry.Type] = [
        AdapterHubBottleneck.self, AdapterHubLoRA.self, AdapterHubIA3.self,
    ]

    /// A method in AdapterHub's form; nil if AdapterHub does not have it.
    static func foreign(
        _ method: any AdapterMethod, _ modules: AdapterHubModules
    ) throws -> ForeignAdapter? {
        let slices = try method.slices(on: modules.weights, seed: 0)
        for entry in entries {
            if let adapter = try entry.write(method, slices, modules) { return adapter }
        }
        return nil
    }

    /// The `adapter` section of a study.
    private static func section(
        _ settings: ForeignSettings, _ tensors: ForeignTensors, _ modules: AdapterHubModules
    ) throws -> JSONValue {
        let layers = layerText(try modules.layers(settings), of: modules.weights.configuration.layers)
        try settings.require("use_gating", false)
        for entry in entries {
            if let members = try entry.read(settings, tensors, modules) {
                return .object(members + [("layers", .string(layers))])
            }
        }
        throw Failure.data("'architecture' has no counterpart here", at: configurationName)
    }
}
