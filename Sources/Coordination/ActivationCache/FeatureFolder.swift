import Adapters
import Collectives
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Training

// What frozen layers give to a split depends on the backbone's bytes, the tokens, the kernels, and where in the encoder it
// was taken. Studies that share these, such as one study under many seeds and rates, need to compute it once.

/// A folder in which runs leave what frozen layers give, a file for each split, for later runs to find.
///
/// A split has parts, an example or several, that are known or not, each of so many numbers. A file's name is a checksum of
/// all that its numbers depend on, and its header holds the same in words. A file that says something else, or is damaged,
/// is not used, nor is one whose first part has other bits than this program computes.
struct FeatureFolder {
    private let directory: String
    private let content: [(String, JSONValue)]

    /// The head stage's input of a model: pooled vectors.
    static func pooled(_ directory: String, _ model: AdaptedEncoder) -> FeatureFolder {
        FeatureFolder(directory, model, [("pooling", .string(model.head.pooling.rawValue))])
    }

    /// The tokens' matrices at a point of the encoder, as many as are kept.
    static func prefix(_ directory: String, _ model: AdaptedEncoder, _ depth: FrozenDepth, matrices: Int)
        -> FeatureFolder
    {
        FeatureFolder(
            directory, model,
            [
                ("layer", .integer(depth.layer)), ("point", .string(depth.point.rawValue)),
                ("matrices", .integer(matrices)),
            ])
    }

    private init(_ directory: String, _ model: AdaptedEncoder, _ content: [(String, JSONValue)]) {
        self.directory = directory
        let identities = [
            try? ("backbone", JSONValue(encoding: BackboneIdentity(of: model.weights))),
            try? ("arithmetic", JSONValue(encoding: Arithmetic.current)),
        ]
        self.content = identities.compactMap(\.self) + content
    }

    // MARK: Finding

    /// What an earlier run left of a split.
    struct Found {
        /// Which parts are known; empty where nothing was left.
        var known: [Bool] = []
        /// On rank 0, why a file that was there could not be used.
        var refused: Failure?
    }

    /// Reads on rank 0 what an earlier run left of a split, and gives it to all ranks; a collective.
    ///
    /// `sizes` says how many numbers each part of the split has, `computed` computes a part's numbers anew, and `take` is
    /// called on every rank with each known part, in ascending order.
    func find(
        _ split: TokenizedExamples, sizes: [Int], _ communicator: any Communicator,
        computed: (Int) -> [Float], take: (_ part: Int, UnsafeBufferPointer<Float>) -> Void
    ) throws -> Found {
        var (words, refused): ([Int64], Failure?) = ([], nil)
        var file: SafetensorsFile?
        if communicator.rank == 0 {
            do {
                file = try self.file(split, sizes, computed)
                words = try file?.int64s(Self.knownName) ?? []
            } catch let failure as Failure {
                refused = failure
            }
        }
        try communicator.broadcast(&words, from: 0)
        let known = words.map { $0 == 1 }
        var values = file?.mappedFloats(Self.valuesName)?[...]
        for block in Self.blocks(of: known.indices.filter { known[$0] }, sizes) {
            // As integers: any communicator moves them as they are.
            var patterns: [Int32] = []
            if let floats = values?.prefix(block.reduce(0) { $0 + sizes[$1] }) {
                patterns = floats.map { Int32(bitPattern: $0.bitPattern) }
                values?.removeFirst(floats.count)
            }
            try communicator.broadcast(&patterns, from: 0)
            patterns.withUnsafeBytes { bytes in
                var rest = bytes.bindMemory(to: Float.self)[...]
                for part in block {
                    take(part, UnsafeBufferPointer(rebasing: rest.prefix(sizes[part])))
                    rest.removeFirst(sizes[part])
                }
            }
        }
        withExtendedLifetime(file) {}
        return Found(known: known, refused: refused)
    }

    /// Runs of parts that travel together, of a few megabytes each.
    private static func blocks(of parts: [Int], _ sizes: [Int]) -> [[Int]] {
        var (blocks, room): ([[Int]], Int) = ([], 0)
        for part in parts {
            if sizes[part] > room {
                blocks.append([])
                room = max(1 << 21, sizes[part])
            }
            blocks[blocks.count - 1].append(part)
            room -= sizes[part]
        }
        return blocks
    }

    /// The file that an earlier run left of a split, checked; nil where none did.
    private func file(_ split: TokenizedExamples, _ sizes: [Int], _ computed: (Int) -> [Float]) throws
        -> SafetensorsFile?
    {
        let identity = identity(split)
        let path = path(identity)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try SafetensorsFile(path: path)
        let remedy = "it is not used; remove it"
        let known = try file.int64s(Self.knownName)
        let expected = zip(known, sizes).reduce(0) { $0 + ($1.0 == 1 ? $1.1 : 0) }
        guard file.metadata[Self.identityKey] == identity.encoded(), known.count == sizes.count,
            let values = file.mappedFloats(Self.valuesName), values.count == expected
        else {
            throw Failure.data("holds vectors of other data than its name says", at: path, remedy: remedy)
        }
        guard file.metadata[Self.checksumKey] == Self.checksum(known, [values]) else {
            throw Failure.data("is damaged: its vectors have another checksum", at: path, remedy: remedy)
        }
        guard let first = known.firstIndex(of: 1) else { return nil }
        guard zip(values, computed(first)).allSatisfy({ $0.bitPattern == $1.bitPattern }) else {
            throw Failure.data(
                "has other bits than are computed here, so another version or machine wrote it", at: path,
                remedy: remedy)
        }
        return file
    }

    // MARK: Leaving

    /// Leaves what is known of a split, the parts in ascending order, in the place of what was there.
    func leave(_ parts: [UnsafeBufferPointer<Float>], known: [Bool], of split: TokenizedExamples) throws {
        let identity = identity(split)
        let words: [Int64] = known.map { $0 ? 1 : 0 }
        try Folder.create(directory)
        try Safetensors.write(
            [
                NamedTensor(
                    name: Self.valuesName, shape: [parts.reduce(0) { $0 + $1.count }],
                    values: .borrowed(parts.map(NamedTensor.BorrowedFloats.init))),
                NamedTensor(name: Self.knownName, shape: [words.count], values: .int64(words)),
            ],
            metadata: [
                Self.identityKey: identity.encoded(), Self.checksumKey: Self.checksum(words, parts),
            ], to: path(identity))
    }

    // MARK: Names

    /// All that the numbers depend on.
    private func identity(_ split: TokenizedExamples) -> JSONValue {
        .object(
            content + [
                ("examples", .integer(split.count)), ("tokens", .integer(split.totalTokens)),
                ("ids", .integer(split.fingerprint)),
            ])
    }

    private func path(_ identity: JSONValue) -> String {
        let checksum = Array(identity.encoded().utf8).withUnsafeBytes { CRC32C.checksum($0) }
        return "\(directory)/features-\(String(checksum, radix: 16)).safetensors"
    }

    private static func checksum(_ known: [Int64], _ values: [UnsafeBufferPointer<Float>]) -> String {
        var checksum = CRC32C()
        for floats in values { checksum.update(UnsafeRawBufferPointer(floats)) }
        known.withUnsafeBytes { checksum.update($0) }
        return String(checksum.value, radix: 16)
    }

    private static let identityKey = "identity"
    private static let checksumKey = "crc32c"
    private static let valuesName = "values"
    private static let knownName = "known"
}
