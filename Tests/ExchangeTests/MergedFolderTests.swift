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
    /// The logits that a plain reader of the folder, with its family's class, computes for a batch.
    private func logits(of folder: String, _ batch: PackedBatch) throws -> [Float] {
        let file = try SafetensorsFile(path: "\(folder)/model.safetensors")
        let weights = try EncoderWeights(directory: folder)
        let form = weights.configuration.family.classes.head
        let d = weights.configuration.hidden
        let workspace = Workspace()
        let hidden = Encoder(weights).forward(batch, nil, workspace).hidden
        let first = GuardedMatrix(batch.count, d)
        for sequence in 0..<batch.count {
            first.view.row(sequence).update(from: hidden.row(batch.offsets[sequence]), count: d)
        }
        func map(_ x: Matrix, _ module: String) throws -> GuardedMatrix {
            let bias = GuardedMatrix(try file.floats("\(module).bias"))
            let weight = GuardedMatrix(try file.floats("\(module).weight"), rows: bias.view.columns)
            let y = GuardedMatrix(x.rows, bias.view.columns)
            linear(x, weight.view, bias.base, into: y.view)
            return y
        }
        let z = try map(first.view, form.dense.module)
        let u = GuardedMatrix(batch.count, d)
        let activation: Activation =
            switch form.activation {
            case .tanh: .tanh
            case .gelu: .gelu
            case .relu: .relu
            }
        activation.forward(z.view, into: u.view, saveDerivative: false)
        return withExtendedLifetime(workspace) { try? map(u.view, form.output.module).values } ?? []
    }

    /// Checks that a folder is the family's class with an adapter's logits.
    private func check(_ scene: Scene, _ test: String) throws {
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, to: folder.file("merged"))
        let found = try logits(of: folder.file("merged"), scene.tiny.batch)
        // Three layers in float, in another order; a first token through the linear part of an activation.
        #expect(
            mismatch(found, scene.logits, Tolerance(absolute: 2e-6, relative: 1e-5)) == nil, "\(test)")
        let config = try JSONValue(
            parsing: try folder.read("merged/config.json"), at: "config.json")
        let family = scene.tiny.weights.configuration.family
        #expect(config["architectures"] == [.string(family.classes.classifier)])
        #expect(config["id2label"] == ["0": "warm", "1": "cold"])
        #expect(config["label2id"] == ["warm": 0, "cold": 1])
        let tokenizer = try JSONValue(
            parsing: try folder.read("merged/tokenizer_config.json"), at: "tokenizer_config.json")
        #expect(tokenizer["model_max_length"] == .integer(scene.trained.maximumTokens))
        let names = try SafetensorsFile(path: folder.file("merged/model.safetensors")).names
        let hasPooler = names.contains { $0.contains(".pooler.") }
        #expect(hasPooler == family.classes.head.usesPooler, "\(test): \(names)")
    }

    @Test(
        "A merged model's logits are the adapter's, for every method that merges",
        arguments: MethodCase.all, [Pooling.pooler, .cls])
    func logitsAgree(_ test: MethodCase, pooling: Pooling) throws {
        let scene = try Scene(test.section, pooling: pooling)
        guard scene.trained.model.method.mergeability == .exact else { return }
        try check(scene, "\(test)")
    }

    @Test(
        "They are for every method and every head of every family's class", arguments: TinyModel.families,
        MethodCase.all)
    func families(family: EncoderFamily, test: MethodCase) throws {
        guard try AdapterSettings(json: test.section).method.mergeability == .exact else { return }
        for head in Scene.heads where family.classifies(with: head) && family.has(head) {
            // A pooler that the head doesn't read can't be trained.
            if test.trainsPooler, head.pooling != .pooler { continue }
            try check(Scene(test.section, head, on: family), "\(head.text) \(test)")
        }
    }

    @Test("A head that the class has not is beside the encoder", arguments: TinyModel.families)
    func separateHeads(family: EncoderFamily) throws {
        for head in Scene.heads where !family.classifies(with: head) && family.has(head) {
            let scene = try Scene(["method": "hadamard"], head, on: family)
            let folder = try TemporaryFolder()
            try ExportFormat.merged.write(scene.trained, to: folder.file("merged"))
            let file = try SafetensorsFile(path: folder.file("merged/model.safetensors"))
            #expect(!file.names.contains { $0.contains("classifier") })
            let config = try JSONValue(parsing: try folder.read("merged/config.json"), at: "config.json")
            #expect(config["architectures"] == [.string(family.classes.encoder)])
            #expect(FileManager.default.fileExists(atPath: folder.file("merged/head.py")))
        }
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

    @Test(
        "A name that no program could load is refused",
        arguments: ["x y", "org/tiny@", "a/b/c", "https://hf.co/a/b"])
    func baseModelName(_ name: String) {
        let failure = #expect(throws: Failure.self) { _ = try BaseModel(name) }
        #expect(
            failure?.kind == .usage && failure?.message.hasPrefix("'\(name)' is neither a model's") == true)
    }

    @Test("config.json names the model that it was asked to name", arguments: ["org/tiny", "hf:org/tiny"])
    func baseModel(_ name: String) throws {
        let scene = try Scene(["method": "hadamard"], pooling: .cls)
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(
            scene.trained, baseModel: try BaseModel(name), to: folder.file("merged"))
        let config = try JSONValue(parsing: try folder.read("merged/config.json"), at: "config.json")
        #expect(config["_name_or_path"] == "org/tiny")
    }

    @Test("The script that loads merged models in transformers has a line for every method")
    func script() throws {
        let script = try String(
            contentsOfFile: "\(Golden.folder)/../Reference/exchange.py", encoding: .utf8)
        for test in MethodCase.all
        where try AdapterSettings(json: test.section).method.mergeability == .exact {
            let names = ["method: \(test.method)", "\"\(test.method)\""]
            #expect(names.contains { script.contains($0) }, "\(test)")
        }
    }
}
