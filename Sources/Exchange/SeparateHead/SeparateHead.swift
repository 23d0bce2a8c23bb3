import Diagnostics
import Encoders
import Formats
import Foundation
import Tasks
import Training

//   head.json    labels or range, pairs or single texts, pooling, dense layer, maximumTokens
//   head.py      load("DIR"): texts to labels' probabilities, by transformers alone
//   2_Dense/     W [C, d] and b [C] in the form of sentence-transformers; of a head with a dense layer V
//                [d, d] and v [d], and 3_Dense/ has W and b
//
// and, for the encoders that SentenceTransformer("DIR") loads, the rest of its modules and the tokenizer:
//
//   modules.json, config_sentence_transformers.json, sentence_bert_config.json, 1_Pooling/

/// A head as files beside an encoder, for one that no class of `transformers` has.
///
/// `head.py` and sentence-transformers read the same weights.
struct SeparateHead {
    private static let settingsName = "head.json"
    private static let poolingName = "1_Pooling"
    private static let weightsName = "model.safetensors"
    private static let tensorName = "linear"

    /// A linear map of the head with its nonlinearity, a class of torch.
    private struct Layer {
        let map: LinearValues
        let activation: String
    }

    private let trained: TrainedAdapter

    /// The head of an adapter, which pools the first tokens or the mean.
    init(_ trained: TrainedAdapter) { self.trained = trained }

    /// The folder of a map; the encoder and pooling come first.
    private static func folder(_ index: Int) -> String { "\(index + 2)_Dense" }

    // MARK: Writing

    /// Writes the head, and with `isModular` what SentenceTransformer needs to load the encoder beside it.
    func write(to directory: String, isModular: Bool) throws {
        try write(settings, to: "\(directory)/\(Self.settingsName)")
        try AtomicFile.write(Data(PackageResources.head_py), to: "\(directory)/head.py")
        for (index, layer) in layers.enumerated() {
            let folder = "\(directory)/\(Self.folder(index))"
            let classes = layer.map.bias.count
            try Directory.create(folder)
            try Safetensors.write(
                layer.map.namedTensors(of: Self.tensorName), metadata: ["format": "pt"],
                to: "\(folder)/\(Self.weightsName)")
            try write(
                [
                    "in_features": .integer(layer.map.weight.count / classes),
                    "out_features": .integer(classes), "bias": true,
                    "activation_function": .string("torch.nn.modules.\(layer.activation)"),
                ], to: "\(folder)/config.json")
        }
        if isModular { try writeModules(to: directory) }
    }

    private var layers: [Layer] {
        let activation: String? =
            switch trained.model.head.dense {
            case .none: nil
            case .tanh: "activation.Tanh"
            case .gelu: "activation.GELU"
            case .relu: "activation.ReLU"
            }
        return (activation.map { [Layer(map: trained.headDense, activation: $0)] } ?? [])
            + [Layer(map: trained.head, activation: "linear.Identity")]
    }

    private var settings: JSONValue {
        let answer: (String, JSONValue) =
            switch trained.output {
            case .classes(let labels): ("labels", .array(labels.map { .string($0.name) }))
            case .regression(let range): ("range", [.number(range.lowerBound), .number(range.upperBound)])
            }
        let head = trained.model.head
        return .object(
            [("task", .string(trained.task)), answer, ("pooling", .string(head.pooling.rawValue))]
                + (head.dense == .none ? [] : [("dense", .string(head.dense.rawValue))])
                + [
                    ("pairs", .bool(trained.isPaired)), ("maximumTokens", .integer(trained.maximumTokens)),
                ])
    }

    /// The keys are those of sentence-transformers 2, which later versions read too.
    private func writeModules(to directory: String) throws {
        let modules =
            [("", "Transformer"), (Self.poolingName, "Pooling")]
            + layers.indices.map { (Self.folder($0), "Dense") }
        try write(
            .array(
                modules.enumerated().map { index, module in
                    [
                        "idx": .integer(index), "name": .string("\(index)"), "path": .string(module.0),
                        "type": .string("sentence_transformers.models.\(module.1)"),
                    ]
                }), to: "\(directory)/modules.json")
        try write(["prompts": [:]], to: "\(directory)/config_sentence_transformers.json")
        try write(
            ["max_seq_length": .integer(trained.maximumTokens), "do_lower_case": false],
            to: "\(directory)/sentence_bert_config.json")
        try Directory.create("\(directory)/\(Self.poolingName)")
        let width = trained.model.weights.configuration.hidden
        try write(
            trained.model.head.pooling == .mean
                ? ["word_embedding_dimension": .integer(width), "pooling_mode_mean_tokens": true]
                : [
                    "word_embedding_dimension": .integer(width), "pooling_mode_mean_tokens": false,
                    "pooling_mode_cls_token": true,
                ], to: "\(directory)/\(Self.poolingName)/config.json")
        try TokenizerCopy.write(
            of: trained.model.weights, maximumTokens: trained.maximumTokens, to: directory)
    }

    private func write(_ value: JSONValue, to path: String) throws { try JSONFile.write(value, to: path) }

    // MARK: Reading

    /// True if a folder has such a head.
    static func exists(in directory: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(directory)/\(settingsName)")
    }

    /// Reads a folder's head into an adapter's tensors.
    static func read(_ directory: String, into tensors: inout [String: [Float]]) throws -> ForeignHead {
        let path = "\(directory)/\(settingsName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data("no readable \(settingsName)", at: directory)
        }
        let settings = JSONSection(try JSONValue(parsing: data, at: path), at: path)
        try settings.require("pooling", .string(Pooling.mean.rawValue), .string(Pooling.cls.rawValue))
        let pooling = settings["pooling"]?.string.flatMap(Pooling.init) ?? .mean
        let dense = try settings.optional("dense", HeadDense.names) { HeadDense(layer: $0) }
        func map(_ index: Int) throws -> LinearValues {
            var file = try ForeignTensors(weightsName, in: "\(directory)/\(folder(index))")
            let map = try LinearValues(&file, tensorName)
            try file.requireAllRead()
            return map
        }
        if dense != nil {
            let layer = try map(0)
            tensors[HeadSlice.denseWeight] = layer.weight
            tensors[HeadSlice.denseBias] = layer.bias
        }
        let last = try map(dense == nil ? 0 : 1)
        tensors[HeadSlice.weight] = last.weight
        tensors[HeadSlice.bias] = last.bias
        let labels = try settings.optional("labels", "a list of names") {
            $0.array?.compactMap(\.string)
        }
        return ForeignHead(settings: HeadSettings(pooling: pooling, dense: dense ?? .none), labels: labels)
    }
}
