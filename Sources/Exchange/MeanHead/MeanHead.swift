import Diagnostics
import Encoders
import Formats
import Foundation
import Tasks
import Training

//   head.json    labels or range, pairs or single texts, maximumTokens
//   head.py      load("DIR"): texts to labels' probabilities, by transformers alone
//   2_Dense/     W [C, d] and b [C] in the form of sentence-transformers
//
// and, for the encoders that SentenceTransformer("DIR") loads, the rest of its modules and the tokenizer:
//
//   modules.json, config_sentence_transformers.json, sentence_bert_config.json, 1_Pooling/

/// A head that pools the mean, as files beside an encoder: no class of `transformers` has such a head.
///
/// `head.py` and sentence-transformers read the same weights.
struct MeanHead {
    private static let settingsName = "head.json"
    private static let denseName = "2_Dense"
    private static let poolingName = "1_Pooling"

    private let trained: TrainedAdapter

    /// The head of an adapter; nil if it reads the first token.
    init?(_ trained: TrainedAdapter) {
        guard trained.model.head.pooling == .mean else { return nil }
        self.trained = trained
    }

    // MARK: Writing

    /// Writes the head, and with `isModular` what SentenceTransformer needs to load the encoder beside it.
    func write(to directory: String, isModular: Bool) throws {
        let (d, classes) = (trained.model.weights.configuration.hidden, trained.output.width)
        try write(settings, to: "\(directory)/\(Self.settingsName)")
        try AtomicFile.write(Data(PackageResources.head_py), to: "\(directory)/head.py")
        try Directory.create("\(directory)/\(Self.denseName)")
        try Safetensors.write(
            trained.head.namedTensors(of: "linear"), metadata: ["format": "pt"],
            to: "\(directory)/\(Self.denseName)/model.safetensors")
        try write(
            [
                "in_features": .integer(d), "out_features": .integer(classes), "bias": true,
                "activation_function": "torch.nn.modules.linear.Identity",
            ], to: "\(directory)/\(Self.denseName)/config.json")
        if isModular { try writeModules(to: directory, width: d) }
    }

    private var settings: JSONValue {
        let answer: (String, JSONValue) =
            switch trained.output {
            case .classes(let labels): ("labels", .array(labels.map { .string($0.name) }))
            case .regression(let range): ("range", [.number(range.lowerBound), .number(range.upperBound)])
            }
        return .object([
            ("task", .string(trained.task)), answer, ("pooling", .string(Pooling.mean.rawValue)),
            ("pairs", .bool(trained.isPaired)), ("maximumTokens", .integer(trained.maximumTokens)),
        ])
    }

    /// The keys are those of sentence-transformers 2, which later versions read too.
    private func writeModules(to directory: String, width d: Int) throws {
        let modules = [("", "Transformer"), (Self.poolingName, "Pooling"), (Self.denseName, "Dense")]
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
        try write(
            ["word_embedding_dimension": .integer(d), "pooling_mode_mean_tokens": true],
            to: "\(directory)/\(Self.poolingName)/config.json")
        try TokenizerCopy.write(from: trained.model.weights.directory, to: directory)
    }

    private func write(_ value: JSONValue, to path: String) throws {
        try AtomicFile.write(Data(value.encodedForReading().utf8), to: path)
    }

    // MARK: Reading

    /// True if a folder has such a head.
    static func exists(in directory: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(directory)/\(settingsName)")
    }

    /// Reads a folder's head into an adapter's tensors, and returns the classes in the order of its rows.
    static func read(_ directory: String, into tensors: inout [String: [Float]]) throws -> [String]? {
        let path = "\(directory)/\(settingsName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data("no readable \(settingsName)", at: directory)
        }
        let settings = ForeignSettings(try JSONValue(parsing: data, at: path), at: path)
        try settings.require("pooling", .string(Pooling.mean.rawValue))
        var file = try ForeignTensors("model.safetensors", in: "\(directory)/\(denseName)")
        tensors[HeadSlice.weight] = try file.read("linear.weight")
        tensors[HeadSlice.bias] = try file.read("linear.bias")
        try file.requireAllRead()
        return try settings["labels"].map { _ in
            try settings.required("labels", "a list of names") { $0.array?.compactMap(\.string) }
        }
    }
}
