package import Encoders
import Formats
import Foundation
import Kernels

/// A tiny random encoder of `Tests/Golden/encoders`, its batch of four packed sequences, and its goldens.
///
/// Each computation has one; unless a family is named, it is the BERT.
package struct TinyModel: Sendable {
    /// The BERT's folder, in the form of Hugging Face.
    package static let directory = directory(of: .bert)

    /// The folder of a family's encoder.
    package static func directory(of family: EncoderFamily) -> String {
        "\(Golden.folder)/encoders/tiny-\(family.name)"
    }

    /// The families that have an encoder; the others compute as another one does.
    package static let families = EncoderFamily.all.filter {
        FileManager.default.fileExists(atPath: directory(of: $0))
    }

    /// The folder of another storage form of the BERT: `sharded`, `f16` or `bf16`.
    package static func variant(_ name: String) -> String {
        "\(Golden.folder)/encoders/tiny-bert-variants/\(name)"
    }

    /// A copy of the BERT's folder whose tensors lie at no multiple of four bytes: floats can't be used.
    package static func misaligned() throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: directory)
        let data = try folder.read("model.safetensors")
        let header = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        // A header one blank longer moves every tensor by one byte.
        let length = Data((0..<8).map { UInt8(truncatingIfNeeded: (header + 1) >> (8 * $0)) })
        try folder.write(
            length + data[8..<(8 + header)] + Data(" ".utf8) + data[(8 + header)...], to: "model.safetensors")
        return folder
    }

    /// A copy of the BERT's folder with the embedding of one segment alone, as in backbones without pairs.
    package static func withOneSegment() throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: directory)
        let configuration = String(decoding: try folder.read("config.json"), as: UTF8.self)
        try folder.write(
            configuration.replacingOccurrences(of: "\"type_vocab_size\": 2", with: "\"type_vocab_size\": 1"),
            to: "config.json")
        let file = try SafetensorsFile(path: "\(directory)/model.safetensors")
        let tensors = try file.names.map { name in
            let (shape, values) = (try file.entry(name).shape, try file.floats(name))
            let isSegments = name == "embeddings.token_type_embeddings.weight"
            return NamedTensor(
                name: name, shape: isSegments ? [1, shape[1]] : shape,
                values: .float(isSegments ? Array(values.prefix(shape[1])) : values))
        }
        try Safetensors.write(tensors, to: folder.file("model.safetensors"))
        return folder
    }

    /// The frozen weights.
    package let weights: EncoderWeights
    /// The batch; sequence s has dropout key 100 + s.
    package let batch: PackedBatch
    /// The expected values, `tiny-FAMILY-forward.safetensors`.
    package let golden: Golden

    /// Maps the weights of a family's encoder, or of a folder with one of its other forms.
    package init(_ family: EncoderFamily = .bert, directory: String? = nil) throws {
        _ = blasThreads
        weights = try EncoderWeights(directory: directory ?? Self.directory(of: family))
        golden = try Golden("encoders/tiny-\(family.name)-forward")
        let ids = try golden.integers("ids").map { Int32($0) }
        let segments = try golden.integers("segments").map { Int32($0) }
        let offsets = try golden.integers("offsets")
        var batch = PackedBatch()
        for (sequence, range) in zip(offsets, offsets.dropFirst()).map({ $0..<$1 }).enumerated() {
            batch.append(
                ids: Array(ids[range]), segments: Array(segments[range]), key: UInt64(100 + sequence))
        }
        self.batch = batch
    }

    /// The batch made of some of the sequences, in the order given.
    package func batch(of sequences: [Int]) -> PackedBatch {
        var chosen = PackedBatch()
        for sequence in sequences {
            let range = batch.range(sequence)
            chosen.append(
                ids: Array(batch.ids[range]), segments: Array(batch.segments[range]),
                key: batch.keys[sequence])
        }
        return chosen
    }

    /// The last hidden states [T, d] of a batch, row after row.
    package func hidden(
        _ batch: PackedBatch? = nil, _ adaptation: (any EncoderAdaptation)? = nil,
        dropout: EncoderDropout = .none
    ) -> [Float] {
        let workspace = Workspace()
        let activations = Encoder(weights, dropout: dropout).forward(
            batch ?? self.batch, adaptation, workspace)
        return withExtendedLifetime(workspace) { activations.hidden.values }
    }

    /// Runs forward, then backward from an upstream gradient [T, d]; the adaptation holds the gradients.
    ///
    /// The result is the gradient at the input of each layer that backward passed through.
    @discardableResult
    package func backward(
        _ upstream: [Float], _ adaptation: any EncoderAdaptation, dropout: EncoderDropout = .none
    ) -> [Int: [Float]] {
        let workspace = Workspace()
        let encoder = Encoder(weights, dropout: dropout)
        let activations = encoder.forward(batch, adaptation, workspace)
        let gradient = GuardedMatrix(upstream, rows: batch.tokens)
        var reached: [Int: [Float]] = [:]
        encoder.backward(gradient.view, activations, batch, adaptation, workspace) { reached[$0] = $1.values }
        withExtendedLifetime(workspace) {}
        return reached
    }
}

/// Σ a ⊙ b in double precision: a loss whose gradient at a is b.
package func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
