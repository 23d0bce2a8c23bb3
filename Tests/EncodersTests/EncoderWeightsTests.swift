import Diagnostics
import Encoders
import Formats
import Foundation
import TestSupport
import Testing

@Suite("Weights that don't fit are named")
struct EncoderWeightsTests {
    /// A change of the tiny BERT's files and the words of the failure.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let message: String
        let change: @Sendable (TemporaryFolder) throws -> Void
        var testDescription: String { name }

        init(
            _ name: String, _ message: String, _ change: @escaping @Sendable (TemporaryFolder) throws -> Void
        ) {
            (self.name, self.message, self.change) = (name, message, change)
        }

        /// A key of `config.json` with another value.
        static func configuration(_ key: String, _ value: String, _ message: String) -> Case {
            Case("\(key) \(value)", message) {
                try $0.write(try changed(key, to: value, in: $0.read("config.json")), to: "config.json")
            }
        }

        /// Other tensors in `model.safetensors`.
        static func tensors(
            _ name: String, _ message: String,
            _ edit: @escaping @Sendable (inout [String: NamedTensor]) -> Void
        ) -> Case {
            Case(name, message) { folder in
                let file = try SafetensorsFile(path: folder.file("model.safetensors"))
                var tensors: [String: NamedTensor] = [:]
                for name in file.names {
                    tensors[name] = NamedTensor(
                        name: name, shape: try file.entry(name).shape, values: .float(try file.floats(name)))
                }
                edit(&tensors)
                // A mapped file must not be written over: a new one takes its name.
                try FileManager.default.removeItem(atPath: folder.file("model.safetensors"))
                try folder.write(Safetensors.encode(Array(tensors.values)), to: "model.safetensors")
            }
        }
    }

    static let query = "encoder.layer.1.attention.self.query.weight"

    @Test(
        "Each with the file, the tensor, and what was expected",
        arguments: [
            Case("truncated file", "") { folder in
                let data = try folder.read("model.safetensors")
                try folder.write(Data(data.prefix(data.count / 2)), to: "model.safetensors")
            },
            Case("empty file", "") { try $0.write("", to: "model.safetensors") },
            Case("no weights", "found no weights") {
                try FileManager.default.removeItem(atPath: $0.file("model.safetensors"))
            },
            .tensors("no query", "tensor '\(query)' is missing") { $0[query] = nil },
            .tensors("no LayerNorm", "tensor 'encoder.layer.2.output.LayerNorm.bias' is missing") {
                $0["encoder.layer.2.output.LayerNorm.bias"] = nil
            },
            .tensors("half a pooler", "tensor 'pooler.dense.bias' is missing") {
                $0["pooler.dense.bias"] = nil
            },
            .tensors("not a BERT", "no tensor 'embeddings.word_embeddings.weight'") {
                $0["embeddings.word_embeddings.weight"] = nil
            },
            .tensors("another shape", "tensor '\(query)' has shape [12, 48], config.json asks for [24, 24]") {
                $0[query] = NamedTensor(
                    name: query, shape: [12, 48], values: .float(.init(repeating: 0, count: 576)))
            },
            .tensors("whole numbers", "found I64, expected F32, F16 or BF16") {
                $0[query] = NamedTensor(
                    name: query, shape: [24, 24], values: .int64(.init(repeating: 0, count: 576)))
            },
            .configuration(
                "num_hidden_layers", "4", "tensor 'encoder.layer.3.attention.self.query.weight' is missing"),
            // Memory for that many layers must not be asked for first.
            .configuration(
                "num_hidden_layers", "4096",
                "tensor 'encoder.layer.3.attention.self.query.weight' is missing"),
            .configuration(
                "vocab_size", "61",
                "tensor 'embeddings.word_embeddings.weight' has shape [60, 24], config.json asks for [61, 24]"
            ),
            .configuration(
                "num_hidden_layers", "2", "has tensors of layer 2, config.json asks for 2 layers, 0-1"),
            .configuration("intermediate_size", "48", "config.json asks for [48, 24]"),
            .configuration("hidden_size", "48", "config.json asks for [60, 48]"),
            .configuration("max_position_embeddings", "512", "config.json asks for [512, 24]"),
        ])
    func badWeightsAreNamed(_ test: Case) throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory)
        try test.change(folder)
        let failure = #expect(throws: Failure.self) { try EncoderWeights(directory: folder.path) }
        #expect(failure?.kind == .data)
        #expect(failure?.location?.hasPrefix(folder.path) == true, "\(String(describing: failure))")
        if !test.message.isEmpty {
            #expect(failure?.message.contains(test.message) == true, "\(String(describing: failure))")
        }
    }

    @Test(
        "A number that is not finite is named with its tensor, used in place or converted",
        arguments: [Float.nan, .infinity, -.infinity], [false, true])
    func notFinite(bad: Float, isMoved: Bool) throws {
        let folder = try isMoved ? TinyModel.misaligned() : TemporaryFolder(copying: TinyModel.directory)
        var data = try folder.read("model.safetensors")
        // The last tensor is the pooler's weight.
        data.replaceSubrange(
            data.count - 4..<data.count, with: withUnsafeBytes(of: bad.bitPattern) { Data($0) })
        try folder.write(data, to: "model.safetensors")
        let failure = #expect(throws: Failure.self) { try EncoderWeights(directory: folder.path) }
        #expect(failure?.kind == .data)
        #expect(failure?.location == "\(folder.file("model.safetensors")): tensor 'pooler.dense.weight'")
        #expect(failure?.message == "element 575 is \(bad), expected a finite number")
    }

    @Test(
        "A file that is written to while it is mapped is noticed, one that is put in its place is not minded")
    func changedWhileMapped() throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory)
        let path = folder.file("model.safetensors")
        let data = try folder.read("model.safetensors")
        let weights = try EncoderWeights(directory: folder.path)
        try weights.checkUnchanged()
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: UInt64(data.count - 4))
        try file.write(contentsOf: Data([0, 0, 0, 0]))
        try file.close()
        let failure = #expect(throws: Failure.self) { try weights.checkUnchanged() }
        #expect(failure?.location == path && failure?.kind == .data)
        #expect(failure?.message.hasPrefix("was written to while it was in use") == true)

        let again = try EncoderWeights(directory: folder.path)
        try folder.write(data, to: "new")
        try #require(rename(folder.file("new"), path) == 0)
        try again.checkUnchanged()
    }

    @Test("The checksum is that of the files' bytes, in order of name, and copies in memory have none")
    func checksums() throws {
        for directory in [TinyModel.directory, TinyModel.variant("sharded"), TinyModel.variant("f16")] {
            let weights = try EncoderWeights(directory: directory)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            var expected = CRC32C()
            for name in names where name.hasSuffix(".safetensors") {
                try Data(contentsOf: URL(filePath: "\(directory)/\(name)")).withUnsafeBytes {
                    expected.update($0)
                }
            }
            #expect(weights.checksum == Int(expected.value) && weights.checksum == Int(expected.value))
            #expect(MergedWeights(copying: weights).weights.checksum == nil)
        }
    }

    @Test("Tensors that lie at no multiple of four bytes are copied, and compute the same")
    func unaligned() throws {
        let folder = try TinyModel.misaligned()
        let (model, plain) = (try TinyModel(directory: folder.path), try TinyModel())
        #expect(model.weights.mappedBytes == 0 && model.weights.copiedBytes == plain.weights.mappedBytes)
        #expect(differingBits(model.hidden(), plain.hidden()) == nil)
    }
}
