import Adapters
import Collectives
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Training

/// A folder in which runs store the activations at one cut point for later runs, one file per split.
///
/// A file's name is a checksum of everything its values depend on: the backbone's bytes, the tokens, the
/// arithmetic and the cut point. Its header lists them in full. Studies that share these, such as one study
/// with several seeds and rates, compute the activations once. A file is not used if its header differs, if
/// it is damaged, or if this program computes other bits for its first example.
struct ActivationStore {
    private let directory: String
    private let tables: ActivationTables
    /// By split, the number of examples in its file.
    private var stored: [Int]
    private static let examplesPerBroadcast = 32

    init(_ directory: String, _ tables: ActivationTables) {
        self.directory = directory
        self.tables = tables
        stored = tables.splits.splits.map { _ in 0 }
    }

    // MARK: Reading

    /// Reads each split's file on rank 0 into the tables of all ranks; a collective.
    ///
    /// Examples without memory are skipped. On rank 0, `refused` receives a failure for each unusable file.
    ///
    /// - Returns: the number of examples read
    mutating func read(
        _ communicator: any Communicator, _ workspace: Workspace, _ refused: inout [Failure]
    ) throws -> Int {
        for split in stored.indices {
            var words: [Int64] = []
            var file: SafetensorsFile?
            if communicator.rank == 0 {
                do {
                    file = try checkedFile(split, workspace)
                    words = try file?.int64s(Self.knownName) ?? []
                } catch let failure as Failure {
                    refused.append(failure)
                }
            }
            try communicator.broadcast(&words, from: 0)
            let known = words.indices.filter { words[$0] == 1 }
            stored[split] = known.count
            var values = file?.mappedFloats(Self.valuesName)?[...]
            for start in stride(from: 0, to: known.count, by: Self.examplesPerBroadcast) {
                let some = Array(known[start...].prefix(Self.examplesPerBroadcast))
                let source = values?.prefix(some.reduce(0) { $0 + tables.size($1, split) })
                try tables.broadcast(some, split, from: 0, source: source.map { Array($0) }, communicator)
                values = values?.dropFirst(source?.count ?? 0)
            }
            tables.mark(known, split)
            withExtendedLifetime(file) {}
        }
        // A node's first rank has written for all of its ranks.
        try communicator.barrier()
        return tables.isCached.reduce(0) { $0 + $1.count { $0 } }
    }

    /// The checked file of a split; nil if no earlier run stored one.
    private func checkedFile(_ split: Int, _ workspace: Workspace) throws -> SafetensorsFile? {
        let identity = try identity(split)
        let path = path(identity)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try SafetensorsFile(path: path)
        let remedy = "it is not used; remove it"
        let known = try file.int64s(Self.knownName)
        let sizes = known.indices.lazy.filter { known[$0] == 1 }.map { tables.size($0, split) }
        guard file.metadata[Self.identityKey] == identity,
            known.count == tables.splits[split].count,
            let values = file.mappedFloats(Self.valuesName), values.count == sizes.reduce(0, +)
        else {
            throw Failure.data("contains vectors of other data than its name says", at: path, remedy: remedy)
        }
        guard file.metadata[Self.checksumKey] == Self.checksum(known, [values]) else {
            throw Failure.data("is damaged: the checksum of its vectors differs", at: path, remedy: remedy)
        }
        guard let first = known.firstIndex(of: 1) else { return nil }
        guard zip(values, recomputed(first, split, workspace)).allSatisfy({ $0.bitPattern == $1.bitPattern })
        else {
            throw Failure.data(
                "differs from the bits computed here: another version or machine wrote it", at: path,
                remedy: remedy)
        }
        return file
    }

    /// An example's values, computed from its tokens.
    private func recomputed(_ example: Int, _ split: Int, _ workspace: Workspace) -> [Float] {
        workspace.reset()
        let batch = tables.splits[split].batch([example])
        let state = tables.state(batch, workspace)
        tables.model.frozenActivations(at: tables.cutPoint, batch, into: state, workspace)
        return tables.cached(state).flatMap { Array(UnsafeBufferPointer(start: $0.base, count: $0.count)) }
    }

    // MARK: Writing

    /// Replaces the file of each split that now has more cached examples than the file.
    mutating func write() throws {
        for (split, isCached) in tables.isCached.enumerated() {
            let known = isCached.indices.filter { isCached[$0] }
            if known.count <= stored[split] { continue }
            let words: [Int64] = isCached.map { $0 ? 1 : 0 }
            let values = known.compactMap { tables.values($0, split).map { UnsafeBufferPointer($0) } }
            let identity = try identity(split)
            try Directory.create(directory)
            try Safetensors.write(
                [
                    NamedTensor(
                        name: Self.valuesName, shape: [values.reduce(0) { $0 + $1.count }],
                        values: .borrowed(values.map(NamedTensor.BorrowedFloats.init))),
                    NamedTensor(name: Self.knownName, shape: [words.count], values: .int64(words)),
                ],
                metadata: [
                    Self.identityKey: identity, Self.checksumKey: Self.checksum(words, values),
                ], to: path(identity))
            stored[split] = known.count
        }
    }

    // MARK: Names

    private struct Identity: Encodable {
        let backbone: BackboneIdentity
        let arithmetic: Arithmetic
        let layer: Int
        let point: String
        let matrices: Int
        let pooling: String?
        let examples, tokens, ids: Int
    }

    /// Everything that a split's values depend on, as the text in its file's header.
    private func identity(_ split: Int) throws -> String {
        let (model, examples, cutPoint) = (tables.model, tables.splits[split], tables.cutPoint)
        let identity = Identity(
            backbone: BackboneIdentity(of: model.weights), arithmetic: .current(model.arithmetic),
            layer: cutPoint.layer, point: cutPoint.position.rawValue, matrices: tables.matrices,
            pooling: cutPoint.position == .pooled ? model.head.pooling.rawValue : nil,
            examples: examples.count, tokens: examples.totalTokens, ids: examples.fingerprint)
        return try JSONValue(encoding: identity).encoded()
    }

    private func path(_ identity: String) -> String {
        let checksum = Array(identity.utf8).withUnsafeBytes { CRC32C.hexadecimal($0) }
        return "\(directory)/activations-\(checksum).safetensors"
    }

    private static func checksum(_ known: [Int64], _ values: [UnsafeBufferPointer<Float>]) -> String {
        var checksum = CRC32C()
        for floats in values { checksum.update(UnsafeRawBufferPointer(floats)) }
        known.withUnsafeBytes { checksum.update($0) }
        return checksum.hexadecimal
    }

    private static let identityKey = "identity"
    private static let checksumKey = "crc32c"
    private static let valuesName = "values"
    private static let knownName = "known"
}
