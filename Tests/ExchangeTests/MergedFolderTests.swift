import Adapters
import Diagnostics
import Encoders
import Exchange
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Merged models")
struct MergedFolderTests {
    /// The pooled vectors and logits that a plain reader of the folder computes for the tiny batch.
    private func logits(of folder: String, _ batch: PackedBatch) throws -> [Float] {
        let file = try SafetensorsFile(path: "\(folder)/model.safetensors")
        let weights = try EncoderWeights(directory: folder)
        let d = weights.configuration.hidden
        let workspace = Workspace()
        let encoder = Encoder(weights)
        let hidden = encoder.forward(batch, nil, workspace).hidden
        let (first, pooled) = (GuardedMatrix(batch.count, d), GuardedMatrix(batch.count, d))
        for sequence in 0..<batch.count {
            first.view.row(sequence).update(from: hidden.row(batch.offsets[sequence]), count: d)
        }
        encoder.pool(first.view, nil, into: pooled.view)
        let bias = GuardedMatrix(try file.floats("classifier.bias"))
        let weight = GuardedMatrix(try file.floats("classifier.weight"), rows: bias.view.columns)
        let logits = GuardedMatrix(batch.count, bias.view.columns)
        linear(pooled.view, weight.view, bias.base, into: logits.view)
        return withExtendedLifetime(workspace) { logits.values }
    }

    @Test(
        "A merged model's logits are the adapter's, for every method that merges",
        arguments: MethodCase.all, [Pooling.pooler, .cls])
    func logitsAgree(_ test: MethodCase, pooling: Pooling) throws {
        let scene = try Scene(test.section, pooling: pooling)
        guard scene.trained.model.method.mergeability == .exact else { return }
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, to: folder.file("merged"))
        let found = try logits(of: folder.file("merged"), scene.tiny.batch)
        // Three layers in float, in another order; a first token through the linear part of tanh.
        #expect(mismatch(found, scene.logits, Tolerance(absolute: 2e-6, relative: 1e-5)) == nil)
        let config = try JSONValue(
            parsing: try folder.read("merged/config.json"), at: "config.json")
        #expect(config["architectures"] == ["BertForSequenceClassification"])
        #expect(config["id2label"] == ["0": "warm", "1": "cold"])
        #expect(config["label2id"] == ["warm": 0, "cold": 1])
        #expect(FileManager.default.fileExists(atPath: folder.file("merged/vocab.txt")))
    }

    @Test("The encoder alone is written whatever the head pools")
    func encoderAlone() throws {
        let scene = try Scene(["method": "hadamard"], pooling: .mean)
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, encoderOnly: true, to: folder.file("merged"))
        let file = try SafetensorsFile(path: folder.file("merged/model.safetensors"))
        #expect(file.tensors["classifier.weight"] == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.file("merged/head.py")))
        #expect(
            try EncoderWeights(directory: folder.file("merged")).configuration
                == scene.tiny.weights.configuration)
    }

    @Test("config.json names the model that it was asked to name")
    func baseModel() throws {
        let scene = try Scene(["method": "hadamard"], pooling: .cls)
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, baseModel: "org/tiny", to: folder.file("merged"))
        let config = try JSONValue(parsing: try folder.read("merged/config.json"), at: "config.json")
        #expect(config["_name_or_path"] == "org/tiny")
    }
}
