import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Weights that must be converted go where they are told to")
struct WeightMemoryTests {
    /// Memory as two processes share it: only the first of two takers fills it.
    private final class Shared: WeightMemory {
        private(set) var calls: [Int] = []
        private var memory: FilledMemory?

        func allocate(
            byteCount: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
        ) throws -> FilledMemory {
            calls.append(byteCount)
            if let memory { return memory }
            let own = try PrivateMemory().allocate(byteCount: byteCount, filledBy: fill)
            let made = FilledMemory(own.bytes, owner: Owner(own), isShared: true)
            memory = made
            return made
        }

        func allocateIfAvailable(
            byteCount: Int, layout: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
        ) throws -> FilledMemory? {
            try allocate(byteCount: byteCount, filledBy: fill)
        }

        func once(_ body: () throws -> Void) throws { try body() }

        private final class Owner {
            let memory: FilledMemory
            init(_ memory: FilledMemory) { self.memory = memory }
        }
    }

    @Test(
        "Shared and private memory hold the same bits, which are the file's",
        arguments: ["f16", "bf16", "f32"])
    func sharedIsPrivate(form: String) throws {
        let moved = try TinyModel.misaligned()
        let directory = form == "f32" ? moved.path : TinyModel.variant(form)
        let own = try EncoderWeights(directory: directory)
        let memory = Shared()
        let ranks = try (0..<2).map { _ in
            try EncoderWeights(directory: directory, convertingInto: memory)
        }
        let file = try SafetensorsFolder(directory: directory)
        #expect(own.copiedBytes > 0 && own.sharedBytes == 0 && own.mappedBytes == 0)
        let expected = own.namedTensors(prefix: "")
        for tensor in expected {
            #expect(tensor.values == .float(try file.floats(tensor.name)), "\(tensor.name)")
        }
        for rank in ranks {
            #expect(rank.namedTensors(prefix: "") == expected)
            #expect(rank.sharedBytes == own.copiedBytes && rank.copiedBytes == 0 && rank.mappedBytes == 0)
            #expect(rank.layers[1].query.weight.isSameMemory(as: ranks[0].layers[1].query.weight))
            #expect(UInt(bitPattern: rank.layers[2].output.bias) % 64 == 0)
        }
    }

    @Test("Memory is asked for once, and for nothing where all is mapped")
    func onceForEachProcess() throws {
        for (directory, isMapped) in [(TinyModel.directory, true), (TinyModel.variant("f16"), false)] {
            let memory = Shared()
            let weights = try EncoderWeights(directory: directory, convertingInto: memory)
            #expect(memory.calls.count == 1 && (memory.calls[0] == 0) == isMapped)
            #expect(memory.calls[0] >= weights.sharedBytes && memory.calls[0] < 2 * 65_536)
        }
    }

    @Test("What is wrong with shapes and types is found before memory is asked for")
    func mistakesFirst() throws {
        let folder = try TemporaryFolder(copying: TinyModel.variant("f16"))
        try folder.write(
            String(decoding: folder.read("config.json"), as: UTF8.self)
                .replacingOccurrences(of: "\"vocab_size\": 60", with: "\"vocab_size\": 61"), to: "config.json"
        )
        let memory = Shared()
        #expect(throws: Failure.self) {
            try EncoderWeights(directory: folder.path, convertingInto: memory)
        }
        #expect(memory.calls == [])
    }

    @Test(
        "A number that is not finite is named with its tensor and file",
        arguments: [
            ("f16", 0x7c00, "inf"), ("f16", 0xfc00, "-inf"), ("f16", 0x7e00, "nan"), ("bf16", 0x7f80, "inf"),
            ("bf16", 0x7fc0, "nan"),
        ])
    func notFinite(form: String, bits: Int, word: String) throws {
        let folder = try TemporaryFolder(copying: TinyModel.variant(form))
        let data = try folder.read("model.safetensors")
        let last = Data([UInt8(bits & 0xff), UInt8(bits >> 8)])
        try folder.write(data.dropLast(2) + last, to: "model.safetensors")
        for memory in [Shared(), PrivateMemory()] as [any WeightMemory] {
            let failure = #expect(throws: Failure.self) {
                try EncoderWeights(directory: folder.path, convertingInto: memory)
            }
            #expect(failure?.kind == .data)
            #expect(failure?.location == "\(folder.path)/model.safetensors: tensor 'pooler.dense.weight'")
            #expect(failure?.message == "element 575 is \(word), expected a finite number")
        }
    }

    @Test("The largest F16 and BF16 numbers are finite", arguments: [("f16", 0x7bff), ("bf16", 0x7f7f)])
    func largest(form: String, bits: Int) throws {
        let folder = try TemporaryFolder(copying: TinyModel.variant(form))
        let data = try folder.read("model.safetensors")
        try folder.write(
            data.dropLast(2) + Data([UInt8(bits & 0xff), UInt8(bits >> 8)]), to: "model.safetensors")
        let weights = try EncoderWeights(directory: folder.path)
        #expect(
            weights.pooler.map { $0.weight.values[24 * 24 - 1] } == (bits == 0x7bff ? 65_504 : 3.3895314e38))
    }
}
