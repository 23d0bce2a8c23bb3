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
//   heads.NAME.1.{weight, bias}            the head's map; its dense layer, and heads.NAME.4 is the map

/// Adapters in the form of AdapterHub: Houlsby, Pfeiffer and parallel bottlenecks, LoRA and IA3.
package enum AdapterHubFolder {
    private static let weightsName = "adapter.safetensors"
    static let configurationName = "adapter_config.json"
    private static let headWeightsName = "model_head.safetensors"
    private static let headConfigurationName = "head_config.json"

    /// Writes a folder for `load_adapter(…, use_safetensors=True)` of a `BertAdapterModel`, with or without
    /// the head.
    ///
    /// AdapterHub's heads read the first token; one that pools the mean is a ``SeparateHead``. A method or
    /// setting that AdapterHub lacks is a failure that names it.
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
        func described(_ config: [(String, JSONValue)]) -> JSONValue {
            .object([
                ("config", .object(config)),
                ("hidden_size", .integer(trained.model.weights.configuration.hidden)),
                ("model_class", .string(modelClass)), ("model_name", .string(backbone)),
                ("model_type", .string(trained.family.name)), ("name", .string(trained.task)),
                ("version", "adapters.1.3.0"),
            ])
        }
        try Directory.create(directory)
        try Safetensors.write(adapter.namedTensors(of: trained), to: "\(directory)/\(weightsName)")
        let head = trained.model.head
        if !encoderOnly, head.pooling == .mean {
            try SeparateHead(trained).write(to: directory, isModular: false)
        } else if !encoderOnly {
            let labels = trained.labels
            let layers = (head.dense == .none ? [] : [trained.headDense]) + [trained.head]
            let tensors = layers.enumerated().flatMap { index, map in
                map.namedTensors(of: headModule(trained.task, layer: index))
            }
            try Safetensors.write(tensors, to: "\(directory)/\(headWeightsName)")
            try JSONFile.write(
                described([
                    ("head_type", "classification"), ("num_labels", .integer(labels.count)),
                    ("layers", .integer(layers.count)),
                    ("activation_function", head.dense == .none ? .null : .string(head.dense.rawValue)),
                    ("bias", true), ("dropout_prob", .null),
                    ("use_pooler", .bool(head.pooling == .pooler)),
                    ("label2id", .object(labels.enumerated().map { ($1, .integer($0)) })),
                ]), to: "\(directory)/\(headConfigurationName)")
        }
        try JSONFile.write(described(adapter.configuration), to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that AdapterHub or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let path = "\(directory)/\(configurationName)"
        let whole = JSONSection(try AdapterFolder.configuration(of: directory), at: path)
        let name = try whole.required("name", "a name", \.string)
        try whole.require("hidden_size", .integer(weights.configuration.hidden))
        try whole.require("model_type", .string(weights.configuration.family.name))
        let settings = try whole.requiredSection("config")
        var file = try ForeignTensors(
            weightsName, in: directory, remedy: "save it with use_safetensors=True")
        let modules = AdapterHubModules(adapter: name, weights: weights)
        let adapter = try AdapterSettings(json: try section(settings, file, modules))
        var tensors = try foreign(adapter.method, modules).map { try file.read($0) } ?? [:]
        try file.requireAllRead()
        let head =
            SeparateHead.exists(in: directory)
            ? try SeparateHead.read(directory, into: &tensors) : try readHead(directory, name, into: &tensors)
        return ImportedAdapter(software: "AdapterHub", adapter: adapter, head, tensors: tensors)
    }

    private static func readHead(
        _ directory: String, _ name: String, into tensors: inout [String: [Float]]
    ) throws -> ForeignHead {
        let path = "\(directory)/\(headConfigurationName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no \(headConfigurationName)", at: directory,
                remedy: "save it with its head: only adapters with a head can be used")
        }
        let whole = JSONSection(try JSONValue(parsing: data, at: path), at: path)
        let settings = try whole.requiredSection("config")
        try settings.require("head_type", "classification")
        try settings.require("layers", 1, 2)
        try settings.require("bias", true)
        var file = try ForeignTensors(headWeightsName, in: directory)
        let pooling: Pooling = settings["use_pooler"] == true ? .pooler : .cls
        var dense = HeadDense.none
        if settings["layers"] == 2 {
            try settings.require("use_pooler", false)
            dense = try settings.required("activation_function", HeadDense.names) { HeadDense(layer: $0) }
            let layer = try LinearValues(&file, headModule(name, layer: 0))
            tensors[HeadSlice.denseWeight] = layer.weight
            tensors[HeadSlice.denseBias] = layer.bias
        }
        let map = try LinearValues(&file, headModule(name, layer: dense == .none ? 0 : 1))
        tensors[HeadSlice.weight] = map.weight
        tensors[HeadSlice.bias] = map.bias
        try file.requireAllRead()
        let rows = settings["label2id"]?.object?.map { (label: $0, row: $1.int ?? -1) }.sorted {
            $0.row < $1.row
        }
        let isComplete =
            rows.map { $0.map(\.row) == Array(0..<(tensors[HeadSlice.bias]?.count ?? 0)) } ?? false
        return ForeignHead(
            settings: HeadSettings(pooling: pooling, dense: dense),
            labels: isComplete ? rows?.map(\.label) : nil)
    }

    /// A linear map of a head: each follows a dropout, and all but the last precede an activation.
    private static func headModule(_ adapter: String, layer: Int) -> String {
        "heads.\(adapter).\(1 + 3 * layer)"
    }

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
        _ settings: JSONSection, _ tensors: ForeignTensors, _ modules: AdapterHubModules
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
