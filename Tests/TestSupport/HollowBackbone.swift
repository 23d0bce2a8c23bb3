package import Encoders
import Foundation

/// The sizes of a published backbone.
package struct BackboneSizes: Sendable {
    /// bert-base-uncased.
    package static let bertBase = BackboneSizes(
        hidden: 768, layers: 12, heads: 12, intermediate: 3072, vocabulary: 30522, positions: 512)

    /// RoBERTa-large's widths and depth; the embeddings are those of a BERT.
    package static let robertaLarge = BackboneSizes(
        hidden: 1024, layers: 24, heads: 16, intermediate: 4096, vocabulary: 30522, positions: 512)

    /// The sizes that `config.json` names.
    package let hidden, layers, heads, intermediate, vocabulary, positions: Int
}

/// A backbone of any published size whose weights are zeros that take no room on disk or in memory.
///
/// Tests that count parameters want the real shapes and no values.
package struct HollowBackbone {
    /// The mapped weights.
    package let weights: EncoderWeights
    private let folder: TemporaryFolder

    /// Writes the configuration, a safetensors header, and a hole of the right length.
    package init(_ sizes: BackboneSizes) throws {
        folder = try TemporaryFolder()
        try folder.write(
            """
            {"model_type": "bert", "hidden_size": \(sizes.hidden), "num_hidden_layers": \(sizes.layers),
             "num_attention_heads": \(sizes.heads), "intermediate_size": \(sizes.intermediate),
             "vocab_size": \(sizes.vocabulary), "max_position_embeddings": \(sizes.positions)}
            """, to: "config.json")
        var (entries, end): ([String], Int) = ([], 0)
        for (name, shape) in Self.tensors(sizes) {
            let bytes = 4 * shape.reduce(1, *)
            entries.append(
                "\"\(name)\": {\"dtype\": \"F32\", \"shape\": \(shape), \"data_offsets\": [\(end), \(end + bytes)]}"
            )
            end += bytes
        }
        var header = "{\(entries.joined(separator: ", "))}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let length = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
        try folder.write(length + Data(header.utf8), to: "model.safetensors")
        let file = try FileHandle(forWritingTo: URL(filePath: folder.file("model.safetensors")))
        try file.truncate(atOffset: UInt64(8 + header.utf8.count + end))
        try file.close()
        weights = try EncoderWeights(directory: folder.path)
    }

    private static func tensors(_ sizes: BackboneSizes) -> [(String, [Int])] {
        let (d, f) = (sizes.hidden, sizes.intermediate)
        func linear(_ name: String, _ output: Int, _ input: Int) -> [(String, [Int])] {
            [("\(name).weight", [output, input]), ("\(name).bias", [output])]
        }
        func norm(_ name: String) -> [(String, [Int])] { [("\(name).weight", [d]), ("\(name).bias", [d])] }
        var tensors: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [sizes.vocabulary, d]),
            ("embeddings.position_embeddings.weight", [sizes.positions, d]),
            ("embeddings.token_type_embeddings.weight", [2, d]),
        ]
        tensors += norm("embeddings.LayerNorm")
        for layer in 0..<sizes.layers {
            let name = "encoder.layer.\(layer)"
            for part in ["query", "key", "value"] {
                tensors += linear("\(name).attention.self.\(part)", d, d)
            }
            tensors +=
                linear("\(name).attention.output.dense", d, d) + norm("\(name).attention.output.LayerNorm")
            tensors += linear("\(name).intermediate.dense", f, d) + linear("\(name).output.dense", d, f)
            tensors += norm("\(name).output.LayerNorm")
        }
        return tensors + linear("pooler.dense", d, d)
    }
}
