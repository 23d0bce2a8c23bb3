import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Tasks
import Training

// The form of AdapterHub's `adapters` library, for a BertAdapterModel: adapter_config.json, adapter.safetensors, and for the
// head head_config.json and model_head.safetensors. NAME is the adapter's.
//
//   bert.encoder.layer.N[.attention].output.adapters.NAME.adapter_down.0.{weight, bias}, adapter_up.{weight, bias}
//   bert.encoder.layer.N.attention.self.{query, key, value}.loras.NAME.lora_A [r, in], lora_B [out, r]
//   bert.encoder.layer.N.intermediate.dense.loras.NAME.…
//   heads.NAME.1.{weight, bias}
//
// Its bottlenecks act after dropout and ours before, which is the same without dropout.

/// Adapters in the form of AdapterHub: Houlsby, Pfeiffer and parallel bottlenecks, LoRA and IA3.
package enum AdapterHubFolder {
    private static let weightsName = "adapter.safetensors"
    private static let configurationName = "adapter_config.json"
    private static let headWeightsName = "model_head.safetensors"
    private static let headConfigurationName = "head_config.json"

    /// Writes a folder that `model.load_adapter(…, use_safetensors=True)` of a `BertAdapterModel` reads, with the head or the encoder's part alone.
    ///
    /// A method, setting or head that AdapterHub lacks is a failure that names it.
    package static func write(
        _ trained: TrainedAdapter, backbone: String, encoderOnly: Bool, to directory: String
    ) throws {
        let (members, pairs) = try correspondence(
            trained.model.method, on: trained.model.weights, adapter: trained.task)
        if !encoderOnly, trained.model.head.pooling == .mean {
            throw Failure.usage(
                "the head pools 'mean', and AdapterHub's heads read the first token alone",
                at: "head.pooling",
                remedy: "export the encoder with --encoder-only, or train with pooling 'cls' or 'pooler'")
        }
        func described(_ config: [(String, JSONValue)]) -> Data {
            let object = JSONValue.object([
                ("config", .object(config)),
                ("hidden_size", .integer(trained.model.weights.configuration.hidden)),
                ("model_class", "BertAdapterModel"), ("model_name", .string(backbone)),
                ("model_type", "bert"), ("name", .string(trained.task)), ("version", "adapters.1.3.0"),
            ])
            return Data(object.encodedForReading().utf8)
        }
        try Folder.create(directory)
        let tensors = pairs.map {
            NamedTensor(name: $0.foreign, shape: $0.shape, values: .float(trained.tensor($0.name)))
        }
        try Safetensors.write(tensors, to: "\(directory)/\(weightsName)")
        if !encoderOnly {
            let labels = trained.labels
            let (weight, bias) = (trained.tensor(HeadSlice.weight), trained.tensor(HeadSlice.bias))
            let head = [
                NamedTensor(
                    name: headName(trained.task, "weight"),
                    shape: [labels.count, weight.count / labels.count],
                    values: .float(weight)),
                NamedTensor(
                    name: headName(trained.task, "bias"), shape: [labels.count], values: .float(bias)),
            ]
            try Safetensors.write(head, to: "\(directory)/\(headWeightsName)")
            try AtomicFile.write(
                described([
                    ("head_type", "classification"), ("num_labels", .integer(labels.count)), ("layers", 1),
                    ("activation_function", .null), ("bias", true), ("dropout_prob", .null),
                    ("use_pooler", .bool(trained.model.head.pooling == .pooler)),
                    ("label2id", .object(labels.enumerated().map { ($1, .integer($0)) })),
                ]), to: "\(directory)/\(headConfigurationName)")
        }
        try AtomicFile.write(described(members), to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that AdapterHub or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let path = "\(directory)/\(configurationName)"
        let whole = ForeignSettings(try AdapterFolder.configuration(of: directory), at: path)
        let name = try whole.required("name", "a name", \.string)
        try whole.require("hidden_size", .integer(weights.configuration.hidden))
        try whole.require("model_type", "bert")
        let settings = ForeignSettings(
            try whole.required("config", "an object") { $0.object.map { .object($0) } }, at: path)
        guard FileManager.default.fileExists(atPath: "\(directory)/\(weightsName)") else {
            throw Failure.data(
                "no \(weightsName)", at: directory,
                remedy:
                    "save it with use_safetensors=True: files of other kinds can run code when they are read")
        }
        var file = try ForeignTensors(path: "\(directory)/\(weightsName)")
        let section = try section(settings, file, weights, adapter: name)
        let adapter = try AdapterSettings(json: section)
        var tensors: [String: [Float]] = [:]
        for pair in try correspondence(adapter.method, on: weights, adapter: name).pairs {
            tensors[pair.name] = try file.read(pair)
        }
        try file.requireAllRead()
        let (pooling, labels) = try readHead(directory, name, into: &tensors)
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
        let settings = ForeignSettings(
            try whole.required("config", "an object") { $0.object.map { .object($0) } }, at: path)
        try settings.require("head_type", "classification")
        try settings.require("layers", 1)
        try settings.require("bias", true)
        var file = try ForeignTensors(path: "\(directory)/\(headWeightsName)")
        tensors[HeadSlice.weight] = try file.read(headName(name, "weight"))
        tensors[HeadSlice.bias] = try file.read(headName(name, "bias"))
        try file.requireAllRead()
        let rows = settings["label2id"]?.object?.map { (label: $0, row: $1.int ?? -1) }.sorted {
            $0.row < $1.row
        }
        let isComplete =
            rows.map { $0.map(\.row) == Array(0..<(tensors[HeadSlice.bias]?.count ?? 0)) } ?? false
        return (settings["use_pooler"] == true ? .pooler : .cls, isComplete ? rows?.map(\.label) : nil)
    }

    /// The module of a head of one layer: dropout is its part 0.
    private static func headName(_ adapter: String, _ part: String) -> String { "heads.\(adapter).1.\(part)" }

    // MARK: Methods

    private static func correspondence(
        _ method: any AdapterMethod, on weights: EncoderWeights, adapter: String
    ) throws -> (configuration: [(String, JSONValue)], pairs: [TensorPair]) {
        let slices = try method.slices(on: weights, seed: 0)
        func leftOut(_ layers: LayerSet) -> (String, JSONValue) {
            ("leave_out", .array(weights.layers.indices.filter { !layers.contains($0) }.map { .integer($0) }))
        }
        switch method {
        case let method as any BottleneckMethod:
            let settings = method.bottleneck
            try requireExpressible(method)
            let pairs = slices.map { slice -> TensorPair in
                // layer.N.houlsby.attention.down.weight, layer.N.pfeiffer.down.weight
                let parts = slice.name.split(separator: ".")
                let module = parts.count == 6 && parts[3] == "attention" ? "attention.output" : "output"
                let half = parts[parts.count - 2] == "down" ? "adapter_down.0" : "adapter_up"
                return TensorPair(
                    name: slice.name,
                    foreign:
                        "bert.encoder.layer.\(parts[1]).\(module).adapters.\(adapter).\(half).\(parts[parts.count - 1])",
                    shape: slice.shape)
            }
            let isParallel = method is Parallel
            let factor = Double(weights.configuration.hidden) / Double(settings.bottleneck)
            let members: [(String, JSONValue)] = [
                ("mh_adapter", .bool(method is Houlsby)), ("output_adapter", true),
                ("is_parallel", .bool(isParallel)), ("non_linearity", .string(settings.activation.rawValue)),
                ("reduction_factor", .number(factor)), ("scaling", .number(settings.scale)),
                ("original_ln_before", .bool(settings.reads == .normalized)), ("original_ln_after", true),
                ("ln_before", false),
                ("ln_after", false), ("residual_before_ln", true), ("adapter_residual_before_ln", false),
                ("init_weights", "bert"), ("use_gating", false), ("dropout", .number(0)),
                ("phm_layer", false), ("inv_adapter", .null), ("cross_adapter", false),
                leftOut(settings.layers),
            ]
            return (members, pairs)
        case let method as LoRA:
            let targets = method.targets.listed
            if let target = targets.first(where: { $0 == .projection }) {
                throw Failure.usage(
                    "AdapterHub has no LoRA on '\(target.rawValue)'", at: "adapter.targets",
                    remedy: "it has query, key, value, intermediate and output")
            }
            let pairs = slices.map { slice -> TensorPair in
                let parts = slice.name.split(separator: ".").map(String.init)
                let half = parts[4] == "a" ? "lora_A" : "lora_B"
                return TensorPair(
                    name: slice.name, foreign: "\(module(slice, parts[3])).loras.\(adapter).\(half)",
                    shape: slice.shape)
            }
            return (
                lora(
                    mode: "add", rank: method.rank, alpha: method.alpha, targets,
                    dropsWeightInit: false) + [leftOut(method.layers)], pairs
            )
        case let method as IA3:
            if method.feedForward == .activation {
                throw Failure.usage(
                    "AdapterHub scales 'intermediate', before the activation, not 'activation'",
                    at: "adapter.feedForward", remedy: "train with 'intermediate' or 'none'")
            }
            if method.heads {
                throw Failure.usage(
                    "AdapterHub has no scales on the concatenated heads", at: "adapter.heads",
                    remedy: "train with heads: false")
            }
            let pairs = slices.map { slice in
                let site = slice.name.split(separator: ".").map(String.init)[3]
                return TensorPair(
                    name: slice.name, foreign: "\(module(slice, site)).loras.\(adapter).lora_B",
                    shape: [slice.count, 1])
            }
            let targets: [LinearTarget] =
                method.feedForward == .intermediate ? [.key, .value, .intermediate] : [.key, .value]
            return (
                lora(mode: "scale", rank: 1, alpha: 1, targets, dropsWeightInit: true)
                    + [leftOut(method.layers)], pairs
            )
        default:
            throw Failure.usage(
                "AdapterHub has no \(Swift.type(of: method).name)", at: "--format",
                remedy: "it has houlsby, pfeiffer, parallel, lora and ia3")
        }
    }

    private static func requireExpressible(_ method: any BottleneckMethod) throws {
        let settings = method.bottleneck
        if (settings.reads == .input) != (method is Parallel) {
            throw Failure.usage(
                "AdapterHub's \(Swift.type(of: method).name) does not read '\(settings.reads.rawValue)'",
                at: "adapter.reads",
                remedy: "parallel reads 'input', the others 'output' or 'normalized'")
        }
        if settings.norm != .none {
            throw Failure.usage(
                "AdapterHub keeps the backbone's LayerNorms frozen, this adapter trained '\(settings.norm.rawValue)'",
                at: "adapter.norm", remedy: "train with norm: none")
        }
        if settings.inputNorm {
            throw Failure.usage(
                "AdapterHub's input LayerNorm is another one", at: "adapter.inputNorm",
                remedy: "train with inputNorm: false")
        }
    }

    private static func lora(
        mode: String, rank: Int, alpha: Double, _ targets: [LinearTarget], dropsWeightInit: Bool
    ) -> [(String, JSONValue)] {
        let letters: [LinearTarget: String] = [.query: "q", .key: "k", .value: "v"]
        let attention = targets.compactMap { letters[$0] }
        return [
            ("architecture", "lora"), ("composition_mode", .string(mode)), ("r", .integer(rank)),
            ("alpha", .number(alpha)), ("attn_matrices", .array(attention.map { .string($0) })),
            ("selfattn_lora", .bool(!attention.isEmpty)),
            ("intermediate_lora", .bool(targets.contains(.intermediate))),
            ("output_lora", .bool(targets.contains(.output))), ("dropout", .number(0)),
            ("init_weights", dropsWeightInit ? "ia3" : "lora"), ("use_gating", false), ("use_dora", false),
            ("vera_b", .null), ("vera_d", .null),
        ]
    }

    private static func module(_ slice: ParameterSlice, _ map: String) -> String {
        let site = LinearTarget(rawValue: map)?.site ?? .query
        return "bert.\(BertNames.module(at: Place(slice.layer ?? 0, site)) ?? "")"
    }

    // MARK: Reading settings

    private static func section(
        _ settings: ForeignSettings, _ file: ForeignTensors, _ weights: EncoderWeights, adapter: String
    ) throws -> JSONValue {
        let count = weights.configuration.layers
        let out =
            try settings["leave_out"].map { _ in
                try settings.required("leave_out", "a list of layers") { $0.array?.compactMap(\.int) }
            } ?? []
        let layers = JSONValue.string(layerText((0..<count).filter { !out.contains($0) }, of: count))
        try settings.require("use_gating", false)
        if settings["architecture"] == "lora" {
            try settings.require("use_dora", false)
            for key in ["vera_b", "vera_d"] { try settings.require(key, .null) }
            return try loraSection(settings, layers)
        }
        // The keys that say what a bottleneck computes, with the only values that ours can follow.
        try settings.require("original_ln_after", true)
        try settings.require("residual_before_ln", true)
        for key in ["ln_before", "ln_after", "phm_layer", "cross_adapter", "adapter_residual_before_ln"] {
            try settings.require(key, false)
        }
        try settings.require("inv_adapter", .null)
        try settings.require("output_adapter", true)
        let isHoulsby = settings["mh_adapter"] == true
        let isParallel = settings["is_parallel"] == true
        if isHoulsby && isParallel { try settings.require("is_parallel", false) }
        if isParallel { try settings.require("original_ln_before", false) }
        let reads = isParallel ? "input" : settings["original_ln_before"] == true ? "normalized" : "output"
        let first = (0..<count).first { !out.contains($0) } ?? 0
        let down = "bert.encoder.layer.\(first).output.adapters.\(adapter).adapter_down.0.weight"
        guard file.has(down) else {
            throw Failure.data("tensor '\(down)' is missing", at: configurationName)
        }
        return .object([
            ("method", isHoulsby ? "houlsby" : isParallel ? "parallel" : "pfeiffer"),
            ("bottleneck", .integer(try file.shape(down, dimensions: 2)[0])),
            ("activation", .string(try settings.required("non_linearity", "a name", \.string))),
            ("scale", .number(settings["scaling"]?.double ?? 1)), ("reads", .string(reads)), ("norm", "none"),
            ("layers", layers),
        ])
    }

    private static func loraSection(_ settings: ForeignSettings, _ layers: JSONValue) throws -> JSONValue {
        let letters = try settings.required("attn_matrices", "a list of q, k, v") {
            $0.array?.compactMap(\.string)
        }
        let maps: [(String, LinearTarget)] = [("q", .query), ("k", .key), ("v", .value)]
        var targets =
            settings["selfattn_lora"] == false ? [] : maps.filter { letters.contains($0.0) }.map(\.1)
        if settings["intermediate_lora"] == true { targets.append(.intermediate) }
        if settings["output_lora"] == true { targets.append(.output) }
        if settings["composition_mode"] == "scale" {
            guard targets == [.key, .value] || targets == [.key, .value, .intermediate] else {
                throw Failure.data(
                    "scales \(targets.map(\.rawValue).joined(separator: ", ")), which has no counterpart here; expected key, value and perhaps intermediate",
                    at: configurationName)
            }
            return .object([
                ("method", "ia3"), ("feedForward", targets.count == 3 ? "intermediate" : "none"),
                ("layers", layers),
            ])
        }
        return .object([
            ("method", "lora"), ("rank", .integer(try settings.required("r", "a whole number", \.int))),
            ("alpha", .number(try settings.required("alpha", "a number", \.double))),
            ("targets", .array(targets.map { .string($0.rawValue) })), ("layers", layers),
        ])
    }
}
