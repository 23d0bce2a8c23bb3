import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Training

// The pooled vectors of a split depend on the backbone's bytes, the pooling, the tokens and the kernels alone. Studies that
// share these, such as one study under many seeds and methods, need to compute them once.

/// A folder in which runs leave the frozen backbone's pooled vectors, a file for each split, for later runs to find.
///
/// A file's name is a checksum of all that its numbers depend on, and its header holds the same in words. A file that says
/// something else, or is damaged, is not used, nor is one whose first vector has other bits than this program computes.
struct FeatureFolder {
    private let directory: String
    private let model: AdaptedEncoder

    /// The vectors of a split's examples, and which chunks of them are known.
    struct Features {
        /// [count, d], zeros where they aren't known.
        let values: [Float]
        /// 1 or 0 for each chunk.
        let known: [Int64]
    }

    init(_ directory: String, _ model: AdaptedEncoder) {
        self.directory = directory
        self.model = model
    }

    /// What an earlier run left of a split; nil where none did.
    ///
    /// `firstVectors` computes a chunk's vectors anew.
    func read(
        _ split: TokenizedExamples, chunks: Int, examplesPerChunk: Int, firstVectors: (Int) -> [Float]
    ) throws -> Features? {
        let identity = identity(split)
        let path = path(identity)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try SafetensorsFile(path: path)
        let remedy = "it is not used; remove it"
        let d = model.weights.configuration.hidden
        guard file.metadata[Self.identityKey] == identity.encoded(),
            file.tensors[Self.valuesName]?.shape == [split.count, d],
            file.tensors[Self.knownName]?.shape == [chunks]
        else {
            throw Failure.data("holds vectors of other data than its name says", at: path, remedy: remedy)
        }
        let features = Features(
            values: try file.floats(Self.valuesName), known: try file.int64s(Self.knownName))
        guard file.metadata[Self.checksumKey] == Self.checksum(features) else {
            throw Failure.data("is damaged: its vectors have another checksum", at: path, remedy: remedy)
        }
        guard let first = features.known.firstIndex(of: 1) else { return nil }
        let expected = firstVectors(first)
        let start = first * examplesPerChunk * d
        let found = features.values[start..<start + expected.count]
        guard zip(found, expected).allSatisfy({ $0.bitPattern == $1.bitPattern }) else {
            throw Failure.data(
                "has other bits than are computed here, so another version or machine wrote it", at: path,
                remedy: remedy)
        }
        return features
    }

    /// Leaves the vectors of a split, in the place of those that were there.
    func write(_ features: Features, of split: TokenizedExamples) throws {
        let identity = identity(split)
        try Folder.create(directory)
        try Safetensors.write(
            [
                NamedTensor(
                    name: Self.valuesName, shape: [split.count, model.weights.configuration.hidden],
                    values: .float(features.values)),
                NamedTensor(
                    name: Self.knownName, shape: [features.known.count], values: .int64(features.known)),
            ],
            metadata: [Self.identityKey: identity.encoded(), Self.checksumKey: Self.checksum(features)],
            to: path(identity))
    }

    /// All that the vectors depend on.
    private func identity(_ split: TokenizedExamples) -> JSONValue {
        [
            "backbone": model.weights.checksum.map { .integer($0) } ?? .null,
            "pooling": .string(model.head.pooling.rawValue), "kernels": .string(VectorKernels.bits),
            "examples": .integer(split.count), "tokens": .integer(split.totalTokens),
            "ids": .integer(split.fingerprint),
        ]
    }

    private func path(_ identity: JSONValue) -> String {
        let checksum = Array(identity.encoded().utf8).withUnsafeBytes { CRC32C.checksum($0) }
        return "\(directory)/features-\(String(checksum, radix: 16)).safetensors"
    }

    private static func checksum(_ features: Features) -> String {
        var checksum = CRC32C()
        features.values.withUnsafeBytes { checksum.update($0) }
        features.known.withUnsafeBytes { checksum.update($0) }
        return String(checksum.value, radix: 16)
    }

    private static let identityKey = "identity"
    private static let checksumKey = "crc32c"
    private static let valuesName = "pooled"
    private static let knownName = "known"
}
