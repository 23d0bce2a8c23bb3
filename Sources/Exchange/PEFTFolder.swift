import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Training

// Hugging Face PEFT's form: adapter_config.json and adapter_model.safetensors, for a BertForSequenceClassification.
//
//   base_model.model.bert.MODULE.lora_A.weight [r, in], .lora_B.weight [out, r]
//   base_model.model.bert.MODULE.ia3_l [out, 1], and [1, in] where the input is scaled
//   base_model.model.bert.MODULE.ln_tuning_layers.{weight, bias} [d]
//   base_model.model.classifier.{weight, bias}, and the pooler where the head reads the first token without it

/// Adapters in the form of PEFT: LoRA, IA3 and LN-tuning.
package enum PEFTFolder {
    private static let prefix = "base_model.model."
    private static let weightsName = "adapter_model.safetensors"
    private static let configurationName = "adapter_config.json"
    /// The note of the weights' file with the names of the classes, in the order of the head's rows.
    private static let labelsNote = "hadamesh.labels"

    /// Writes a folder that `PeftModel.from_pretrained` reads on top of the backbone's sequence classifier.
    ///
    /// The encoder alone goes on top of a `BertModel`. A method or setting that PEFT lacks is a failure that names it.
    package static func write(
        _ trained: TrainedAdapter, backbone: String, encoderOnly: Bool, to directory: String
    ) throws {
        let (members, pairs) = try correspondence(
            trained.model.method, on: trained.model.weights, prefix: prefix + (encoderOnly ? "" : "bert."))
        let classifier = encoderOnly ? nil : try SequenceClassifier(trained)
        var tensors = pairs.map {
            NamedTensor(name: $0.foreign, shape: $0.shape, values: .float(trained.tensor($0.name)))
        }
        tensors += classifier?.namedTensors(prefix: prefix) ?? []
        var saved: [JSONValue] = encoderOnly ? [] : ["classifier"]
        if classifier?.pooler != nil { saved.append("pooler") }
        let configuration = JSONValue.object(
            members + [
                ("base_model_name_or_path", .string(backbone)),
                ("task_type", encoderOnly ? "FEATURE_EXTRACTION" : "SEQ_CLS"), ("inference_mode", true),
                ("modules_to_save", saved.isEmpty ? .null : .array(saved)), ("revision", .null),
            ])
        try Folder.create(directory)
        // PEFT itself has no place for the names of classes, and its readers pass over notes that they don't know.
        let labels = JSONValue.array(trained.labels.map { .string($0) })
        try Safetensors.write(
            tensors, metadata: ["format": "pt", labelsNote: labels.encoded()],
            to: "\(directory)/\(weightsName)")
        try AtomicFile.write(
            Data(configuration.encodedForReading().utf8), to: "\(directory)/\(configurationName)")
    }

    /// Reads a folder that PEFT or ``write(_:backbone:encoderOnly:to:)`` wrote for this backbone.
    static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let settings = ForeignSettings(
            try AdapterFolder.configuration(of: directory), at: "\(directory)/\(configurationName)")
        guard FileManager.default.fileExists(atPath: "\(directory)/\(weightsName)") else {
            throw Failure.data(
                "no \(weightsName)", at: directory,
                remedy: "save it with safetensors: files of other kinds can run code when they are read")
        }
        var file = try ForeignTensors(path: "\(directory)/\(weightsName)")
        let type = try settings.required("peft_type", "LORA, IA3 or LN_TUNING", \.string)
        guard file.has("\(prefix)classifier.weight") else {
            throw Failure.data(
                "has no classifier", at: "\(directory)/\(weightsName)",
                remedy: "only adapters of sequence classifiers, with their head, can be used")
        }
        let section = try section(type, settings, file, weights, at: "\(directory)/\(configurationName)")
        let adapter = try AdapterSettings(json: section)
        var tensors: [String: [Float]] = [:]
        for pair in try correspondence(adapter.method, on: weights, prefix: "\(prefix)bert.").pairs {
            tensors[pair.name] = try file.read(pair)
        }
        let pooling = try SequenceClassifier.read(
            &file, of: weights.configuration.family, prefix: prefix, into: &tensors)
        try file.requireAllRead()
        let note = try file.note(labelsNote).map {
            try JSONValue(parsing: Data($0.utf8), at: "\(directory)/\(weightsName): note '\(labelsNote)'")
        }
        return ImportedAdapter(
            software: "PEFT", adapter: adapter, pooling: pooling,
            labels: note?.array?.compactMap(\.string), tensors: tensors)
    }

    // MARK: Methods

    private static func correspondence(
        _ method: any AdapterMethod, on weights: EncoderWeights, prefix: String
    ) throws -> (configuration: [(String, JSONValue)], pairs: [TensorPair]) {
        let slices = try method.slices(on: weights, seed: 0)
        switch method {
        case let method as LoRA:
            let pairs = slices.map { slice in
                // layer.N.lora.MAP.a.weight
                let parts = slice.name.split(separator: ".")
                let half = parts[4] == "a" ? "lora_A" : "lora_B"
                return TensorPair(
                    name: slice.name, foreign: "\(prefix)\(module(slice, parts[3])).\(half).weight",
                    shape: slice.shape)
            }
            let members: [(String, JSONValue)] = [
                ("peft_type", "LORA"), ("r", .integer(method.rank)), ("lora_alpha", .number(method.alpha)),
                ("lora_dropout", .number(0)), ("bias", "none"), ("fan_in_fan_out", false),
                ("target_modules", .string(pattern(slices.map { module($0, part($0, 3)) }))),
            ]
            return (members, pairs)
        case let method as IA3:
            if method.feedForward == .intermediate {
                throw Failure.usage(
                    "PEFT scales the input of a feed-forward map, not 'intermediate'",
                    at: "adapter.feedForward", remedy: "train with 'activation' or 'none'")
            }
            // What a map reads is scaled under that map's name, and its shape says so.
            let readers = ["heads": "projection", "activation": "output"]
            let scaled = slices.map { readers[part($0, 3)] ?? part($0, 3) }
            let modules = zip(slices, scaled).map { module($0, $1) }
            let inputs = zip(slices, modules).filter { readers[part($0.0, 3)] != nil }.map(\.1)
            let pairs = zip(slices, modules).map { slice, module in
                TensorPair(
                    name: slice.name, foreign: "\(prefix)\(module).ia3_l",
                    shape: readers[part(slice, 3)] != nil ? [1, slice.count] : [slice.count, 1])
            }
            let members: [(String, JSONValue)] = [
                ("peft_type", "IA3"), ("fan_in_fan_out", false),
                ("target_modules", .string(pattern(modules))),
                ("feedforward_modules", inputs.isEmpty ? .array([]) : .string(pattern(inputs))),
            ]
            return (members, pairs)
        case is LayerNormTuning:
            let pairs = weights.normPlaces.flatMap { place -> [TensorPair] in
                guard let module = BertNames.module(at: place) else { return [] }
                return ["weight", "bias"].compactMap { part in
                    let name = "\(normName(place)).\(part)"
                    guard slices.contains(where: { $0.name == name }) else { return nil }
                    return TensorPair(
                        name: name, foreign: "\(prefix)\(module).ln_tuning_layers.\(part)",
                        shape: [weights.configuration.hidden])
                }
            }
            let modules = weights.normPlaces.filter { place in
                slices.contains { $0.name == "\(normName(place)).weight" }
            }.compactMap(BertNames.module)
            return ([("peft_type", "LN_TUNING"), ("target_modules", .string(pattern(modules)))], pairs)
        default:
            throw Failure.usage(
                "PEFT has no \(Swift.type(of: method).name)", at: "--format",
                remedy: "it has lora, ia3 and layernorm; a method that merges can be written as 'merged'")
        }
    }

    private static func section(
        _ type: String, _ settings: ForeignSettings, _ file: ForeignTensors, _ weights: EncoderWeights,
        at path: String
    ) throws -> JSONValue {
        let count = weights.configuration.layers
        let root = "\(prefix)bert."
        func places(_ sites: [Site], _ suffix: String) -> [Place] {
            weights.layers.indices.flatMap { layer in sites.map { Place(layer, $0) } }.filter {
                BertNames.module(at: $0).map { file.has("\(root)\($0).\(suffix)") } ?? false
            }
        }
        func layers(_ places: [Place]) -> (String, JSONValue) {
            ("layers", .string(layerText(places.map(\.layer), of: count)))
        }
        switch type {
        case "LORA":
            for key in ["use_dora", "use_rslora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora"] {
                try settings.require(key, false)
            }
            try settings.require("bias", "none")
            for key in ["rank_pattern", "alpha_pattern"] { try settings.require(key, .object([])) }
            let found = places(Site.linears, "lora_A.weight")
            let targets = Set(found.map { "\($0.site)" })
            return .object([
                ("method", "lora"), ("rank", .integer(try settings.required("r", "a whole number", \.int))),
                ("alpha", .number(try settings.required("lora_alpha", "a number", \.double))),
                (
                    "targets",
                    .array(LinearTarget.allCases.map(\.rawValue).filter(targets.contains).map { .string($0) })
                ), layers(found),
            ])
        case "IA3":
            let found = places([.key, .value, .projection, .output], "ia3_l")
            let sites = Set(found.map(\.site))
            return .object([
                ("method", "ia3"), ("feedForward", sites.contains(.output) ? "activation" : "none"),
                ("heads", .bool(sites.contains(.projection))), layers(found),
            ])
        case "LN_TUNING":
            let found = places([.attentionNorm, .outputNorm], "ln_tuning_layers.weight")
            let sites = Set(found.map(\.site))
            let below = file.has("\(root)embeddings.LayerNorm.ln_tuning_layers.weight")
            return .object([
                ("method", "layernorm"),
                (
                    "norm",
                    sites.isEmpty
                        ? "none" : sites.count == 2 ? "both" : sites == [.outputNorm] ? "output" : "attention"
                ), ("embeddings", .bool(below)), layers(found),
            ])
        default:
            throw Failure.data(
                "'peft_type' is \"\(type)\", which has no counterpart here", at: path,
                remedy: "LORA, IA3 and LN_TUNING have")
        }
    }

    // MARK: Names

    private static func part(_ slice: ParameterSlice, _ index: Int) -> String {
        String(slice.name.split(separator: ".")[index])
    }

    /// The backbone's name of a linear map of a slice's layer.
    private static func module(_ slice: ParameterSlice, _ map: some StringProtocol) -> String {
        let site = LinearTarget(rawValue: String(map))?.site ?? .query
        return BertNames.module(at: Place(slice.layer ?? 0, site)) ?? ""
    }

    private static func normName(_ place: Place) -> String {
        switch place.site {
        case .embeddingNorm: "embeddings.norm"
        case .attentionNorm: "layer.\(place.layer).attention.norm"
        default: "layer.\(place.layer).output.norm"
        }
    }

    /// A regular expression for whole module names: `output.dense` alone would match two maps of a layer.
    private static func pattern(_ modules: [String]) -> String {
        var seen: Set<String> = []
        let names = modules.filter { seen.insert($0).inserted }
        return "(.*\\.)?("
            + names.map { $0.replacingOccurrences(of: ".", with: "\\.") }.joined(separator: "|") + ")"
    }
}
