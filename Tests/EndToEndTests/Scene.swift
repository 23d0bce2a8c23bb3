import Encoders
import Formats
import Foundation
import TestSupport

/// A temporary folder with a tiny study of two synthetic tasks on a tiny random encoder, removed after its
/// last use.
final class Scene: Sendable {
    private let place: TemporaryFolder
    var folder: URL { URL(fileURLWithPath: place.path) }

    /// The tiny encoder of the golden files.
    static let encoder = EndToEnd.package.appendingPathComponent("Tests/Golden/encoders/tiny-bert")

    /// Creates the folder, the data and the study.
    init() throws {
        place = try TemporaryFolder()
        var words = Words(state: 1)
        try write("colour-train.tsv", words.colours(60))
        try write("colour-dev.tsv", words.colours(24))
        try write("alike-train.tsv", words.pairs(40))
        try write("alike-dev.tsv", words.pairs(16))
        try write("study.yaml", Self.study.replacingOccurrences(of: "DATA", with: place.path))
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { place.file(name) }

    var study: String { path("study.yaml") }

    /// Writes a text file and creates its folders.
    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func write(_ name: String, _ data: Data) throws { try place.write(data, to: name) }

    func read(_ name: String) throws -> Data { try place.read(name) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Replaces a string that must occur exactly once in the file.
    func replace(_ part: String, by other: String, in name: String) throws {
        let text = String(decoding: try read(name), as: UTF8.self)
        guard text.components(separatedBy: part).count == 2 else { throw Missing(part: part, file: name) }
        try write(name, text.replacingOccurrences(of: part, with: other))
    }

    /// Replaces a line of a file, counted from 1.
    func replaceLine(_ number: Int, by line: String, in name: String) throws {
        var lines = String(decoding: try read(name), as: UTF8.self).components(separatedBy: "\n")
        lines[number - 1] = line
        try write(name, lines.joined(separator: "\n"))
    }

    /// Copies the encoder to `backbone`, where a test may damage it, and names it in the study.
    ///
    /// The weights are F32, or those of BERT's variant `f16` or `bf16`.
    func copyEncoder(of family: EncoderFamily = .bert, weights variant: String? = nil) throws {
        try FileManager.default.copyItem(
            atPath: TinyModel.directory(of: family), toPath: path("backbone"))
        if let variant {
            let other = Self.encoder.deletingLastPathComponent()
                .appendingPathComponent("tiny-bert-variants/\(variant)/model.safetensors")
            try FileManager.default.removeItem(atPath: path("backbone/model.safetensors"))
            try FileManager.default.copyItem(
                atPath: other.path, toPath: path("backbone/model.safetensors"))
        }
        try replace("backbone: \(Self.encoder.path)", by: "backbone: \(path("backbone"))", in: "study.yaml")
    }

    /// Copies the encoder of a family, with BERT's vocab.txt in place of its own tokenizer.
    func copyEncoder(of family: EncoderFamily, vocabularyOf tokenizer: String?) throws {
        try copyEncoder(of: family)
        try? FileManager.default.removeItem(atPath: path("backbone/tokenizer.json"))
        let vocabulary = Self.encoder.appendingPathComponent("vocab.txt")
        try write("backbone/vocab.txt", Data(contentsOf: vocabulary))
        try write(
            "backbone/tokenizer_config.json", tokenizer.map { "{\"tokenizer_class\": \"\($0)\"}" } ?? "{}")
    }

    /// The folder that the scene's programs take for the Hugging Face cache.
    var hub: String { path("hub") }

    /// Puts the copied encoder, or another folder of the scene, into the cache as a model's revision `main`.
    func cacheEncoder(
        _ folder: String = "backbone", as model: String, commit: String, in hub: String = "hub"
    ) throws {
        let place = "\(hub)/models--\(model.replacingOccurrences(of: "/", with: "--"))"
        try write("\(place)/refs/main", commit)
        try FileManager.default.createDirectory(
            atPath: path("\(place)/snapshots"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: path(folder), toPath: path("\(place)/snapshots/\(commit)"))
    }

    /// Changes tensors of the copied encoder; `change` maps name and values to shape and values, or nil for
    /// no change.
    func changeTensors(_ change: (String, [Float]) -> (shape: [Int], values: [Float])?) throws {
        let path = path("backbone/model.safetensors")
        let file = try SafetensorsFile(path: path)
        let tensors = try file.names.map { name in
            let values = try file.floats(name)
            let shape = try file.entry(name).shape
            let (newShape, changed) = change(name, values) ?? (shape, values)
            return NamedTensor(name: name, shape: newShape, values: .float(changed))
        }
        try Safetensors.write(tensors, to: path)
    }

    /// The trained adapters of a run, by file name.
    func adapters(_ run: String) throws -> [String: Data] {
        let names = ["colour", "alike"].flatMap { task in
            ["adapter_model.safetensors", "adapter_config.json"].map { "\(run)/adapters/\(task)/\($0)" }
        }
        return Dictionary(
            uniqueKeysWithValues: try names.map { (String($0.dropFirst(run.count)), try read($0)) })
    }

    struct Missing: Error {
        let part: String
        let file: String
    }

    /// Stages long enough to interrupt, and a study that fills every part of a checkpoint.
    private static var study: String {
        """
        backbone: \(encoder.path)
        data: DATA
        tasks:
          - name: colour
            train: colour-train.tsv
            dev: colour-dev.tsv
            labels: [cold, warm]
            metrics: [accuracy, f1]
          - name: alike
            train: alike-train.tsv
            dev: alike-dev.tsv
            columns: { first: left, second: right, label: score }
            range: [0, 5]
        sharing: { weight: all, bias: { 0-1: all, 2: private } }
        stages:
          head: { steps: 8, learningRate: 1e-2 }
          adapter: { steps: 40, learningRate: 3e-3, trainHead: true }
        dropout: { hidden: 0.1, attention: 0.1 }
        batch: { examples: 16, microBatch: 4 }
        evaluation: { every: 20 }
        checkpoint: { every: 5, keep: 2 }
        maximumTokens: 24

        """
    }
}

/// Sentences of the tiny encoder's words.
private struct Words: RandomNumberGenerator {
    var state: UInt64

    private static let all =
        """
        red green blue cat dog bird fish house tree river stone cloud light night day over under \
        with from to in
        """
        .split(separator: " ").map(String.init)

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }

    private mutating func sentence(_ lengths: ClosedRange<Int>) -> [String] {
        (0..<Int.random(in: lengths, using: &self)).map { _ in
            Self.all[Int.random(in: Self.all.indices, using: &self)]
        }
    }

    /// Sentences labelled warm if they contain something red or a dog.
    mutating func colours(_ count: Int) -> String {
        var lines = ["text\tlabel"]
        for _ in 0..<count {
            let words = sentence(2...9)
            let warm = words.contains("red") || words.contains("dog")
            lines.append("\(words.joined(separator: " "))\t\(warm ? "warm" : "cold")")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Pairs labelled with the number of shared words.
    mutating func pairs(_ count: Int) -> String {
        var lines = ["id\tleft\tright\tscore"]
        for index in 0..<count {
            let (left, right) = (sentence(2...6), sentence(2...6))
            let score = min(5, Set(left).intersection(right).count)
            lines.append(
                "\(index)\t\(left.joined(separator: " "))\t\(right.joined(separator: " "))\t\(score)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
