import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Converted weights shared by the ranks of a node")
struct NodeWeightMemoryTests {
    /// A rank's weights, or its failure.
    private struct Rank: Sendable {
        var tensors: [NamedTensor] = []
        var shared = 0
        var copied = 0
        var refusals: [Failure] = []
        var failure: Failure?
    }

    private static func ranks(_ count: Int, directory: String, in folder: String? = nil) throws -> [Rank] {
        try ThreadWorld.run(count) { world in
            let memory = NodeWeightMemory(world, in: folder)
            do {
                let weights = try EncoderWeights(directory: directory, convertingInto: memory)
                return Rank(
                    tensors: weights.namedTensors(prefix: ""), shared: weights.sharedBytes,
                    copied: weights.copiedBytes, refusals: memory.refusals)
            } catch let failure as Failure {
                return Rank(refusals: memory.refusals, failure: failure)
            }
        }
    }

    @Test(
        "Every rank reads the bits of a single process",
        arguments: ["f16", "bf16"], [nil, FileManager.default.temporaryDirectory.path])
    func equalBits(form: String, folder: String?) throws {
        let alone = try EncoderWeights(directory: TinyModel.variant(form))
        let expected = alone.namedTensors(prefix: "")
        for count in [1, 2, 3] {
            for rank in try Self.ranks(count, directory: TinyModel.variant(form), in: folder) {
                #expect(rank.tensors == expected)
                #expect(rank.shared == (count > 1 ? alone.copiedBytes : 0))
                #expect(rank.copied == (count > 1 ? 0 : alone.copiedBytes))
                #expect(rank.refusals.isEmpty)
            }
        }
    }

    @Test("Mapped weights stay mapped")
    func mapped() throws {
        let expected = try EncoderWeights(directory: TinyModel.directory).namedTensors(prefix: "")
        for rank in try Self.ranks(3, directory: TinyModel.directory) {
            #expect(rank.tensors == expected && rank.shared == 0 && rank.copied == 0)
        }
    }

    @Test("Without shared memory, each rank has a copy of the same bits, and all have the reason")
    func refused() throws {
        let alone = try EncoderWeights(directory: TinyModel.variant("f16"))
        let ranks = try Self.ranks(3, directory: TinyModel.variant("f16"), in: "/nowhere/at/all")
        for rank in ranks {
            #expect(rank.tensors == alone.namedTensors(prefix: ""))
            #expect(rank.shared == 0 && rank.copied == alone.copiedBytes)
            #expect(
                rank.refusals.first?.message.contains("on 1 of 1 node: /nowhere/at/all: No such file") == true
            )
        }
    }

    @Test(
        "A failure of the first rank in converting is thrown on every rank",
        arguments: [nil, "/nowhere/at/all"])
    func failure(folder: String?) throws {
        let spoilt = try TemporaryFolder(copying: TinyModel.variant("bf16"))
        let data = try spoilt.read("model.safetensors")
        try spoilt.write(data.dropLast(2) + Data([0x80, 0x7f]), to: "model.safetensors")
        let failures = try Self.ranks(3, directory: spoilt.path, in: folder).map(\.failure)
        #expect(failures[0]?.message == "element 575 is inf, expected a finite number")
        #expect(failures[0]?.kind == .data)
        #expect(failures.allSatisfy { $0 == failures[0] })
    }

    @Test("The first rank alone converts")
    func onlyOneFills() throws {
        let fills = Fills()
        let seen = try ThreadWorld.run(3) { world in
            let memory = try NodeWeightMemory(world).allocate(byteCount: 8) { bytes in
                fills.note(world.rank)
                bytes.storeBytes(of: 41, as: Int64.self)
            }
            return memory.bytes.load(as: Int64.self)
        }
        #expect(fills.ranks == [0] && seen == [41, 41, 41])
    }

    @Test("Optional memory is shared or not allocated at all", arguments: [1, 3], [nil, "/nowhere/at/all"])
    func optionalMemory(count: Int, folder: String?) throws {
        let fills = Fills()
        let seen = try ThreadWorld.run(count) { world in
            let node = NodeWeightMemory(world, in: folder)
            let memory = try node.allocateIfAvailable(byteCount: 8, layout: 1) { bytes in
                fills.note(world.rank)
                bytes.storeBytes(of: 41, as: Int64.self)
            }
            return (value: memory?.bytes.load(as: Int64.self), refusals: node.refusals)
        }
        #expect(fills.ranks == (folder == nil ? [0] : []))
        for rank in seen {
            #expect(rank.value == (folder == nil ? 41 : nil))
            #expect(rank.refusals.count == (folder == nil ? 0 : 1))
            for refusal in rank.refusals {
                #expect(
                    refusal.message.hasPrefix("frozen weights are not prepacked")
                        && refusal.message.contains("on 1 of 1 node: /nowhere/at/all: No such file"))
            }
        }
    }

    @Test("Ranks with different files all throw the same failure")
    func otherFiles() throws {
        let failures = try ThreadWorld.run(3) { world in
            #expect(throws: Failure.self) {
                try NodeWeightMemory(world).allocate(byteCount: world.rank == 2 ? 8 : 16) { _ in }
            }
        }
        #expect(failures.allSatisfy { $0?.kind == .data && $0 == failures[0] })
        #expect(failures[0]?.message == "rank 0 needs 16 bytes of memory for weights, but rank 2 needs 8")
    }

    private final class Fills: Sendable {
        private let noted = Mutex<[Int]>([])
        func note(_ rank: Int) { noted.withLock { $0.append(rank) } }
        var ranks: [Int] { noted.withLock { $0 } }
    }
}
