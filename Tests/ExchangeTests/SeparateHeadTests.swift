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

@Suite("Heads beside an encoder")
struct SeparateHeadTests {
    private static let headFiles = [
        "2_Dense/config.json", "2_Dense/model.safetensors", "head.json", "head.py",
    ]
    private static let moduleFiles = [
        "1_Pooling/config.json", "config_sentence_transformers.json", "modules.json",
        "sentence_bert_config.json",
        "tokenizer_config.json", "vocab.txt",
    ]

    private func json(_ name: String, in folder: TemporaryFolder) throws -> JSONValue {
        try JSONValue(parsing: try folder.read("out/\(name)"), at: name)
    }

    @Test(
        "Each form has the encoder, the head, and the modules that sentence-transformers can load with it",
        arguments: [
            (ExportFormat.merged, headFiles + moduleFiles + ["config.json", "model.safetensors"]),
            (.peft, headFiles + moduleFiles + ["adapter_config.json", "adapter_model.safetensors"]),
            (.adapters, headFiles + ["adapter_config.json", "adapter.safetensors"]),
        ])
    func files(form: ExportFormat, names: [String]) throws {
        let scene = try Scene(["method": "lora"], pooling: .mean)
        let folder = try TemporaryFolder()
        try form.write(scene.trained, to: folder.file("out"))
        let found = try FileManager.default.subpathsOfDirectory(atPath: folder.file("out"))
        #expect(found.filter { $0.contains(".") }.sorted() == names.sorted())
        let dense = try SafetensorsFile(path: folder.file("out/2_Dense/model.safetensors"))
        #expect(dense.names.sorted() == ["linear.bias", "linear.weight"])
        #expect(try dense.entry("linear.weight").shape == [2, 24])
        #expect(try dense.entry("linear.bias").shape == [2])
        let values = try dense.floats("linear.weight") + dense.floats("linear.bias")
        #expect(values.map(\.bitPattern) == scene.trained.values.suffix(50).map(\.bitPattern))
        let source = URL(fileURLWithPath: Golden.folder)
            .appending(path: "../../Sources/Exchange/SeparateHead/head.py")
        #expect(try folder.read("out/head.py") == Data(contentsOf: source))
        #expect(
            try json("head.json", in: folder) == [
                "task": "colour", "labels": ["warm", "cold"], "pooling": "mean", "pairs": false,
                "maximumTokens": 24,
            ])
    }

    @Test(
        "Where no file names the tokenizer's class, the folder does", arguments: TinyModel.families,
        [ExportFormat.merged, .peft])
    func tokenizerClass(family: EncoderFamily, form: ExportFormat) throws {
        let backbone = try TemporaryFolder(copying: TinyModel.directory(of: family))
        try FileManager.default.removeItem(atPath: backbone.file("tokenizer_config.json"))
        let scene = try Scene(
            ["method": "lora"], HeadSettings(pooling: .mean, dropout: 0), on: family, directory: backbone.path
        )
        let folder = try TemporaryFolder()
        try form.write(scene.trained, to: folder.file("out"))
        let expected = family.classes.tokenizer
        #expect(
            try json("tokenizer_config.json", in: folder)
                == [
                    "tokenizer_class": .string(expected),
                    "model_max_length": .integer(scene.trained.maximumTokens),
                ])
    }

    @Test("sentence-transformers finds the mean over all tokens, and a linear map without activation")
    func modules() throws {
        let scene = try Scene(["method": "hadamard"], pooling: .mean)
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, to: folder.file("out"))
        let modules = try #require(try json("modules.json", in: folder).array)
        #expect(modules.map { $0["path"]?.string } == ["", "1_Pooling", "2_Dense"])
        #expect(
            modules.map { $0["type"]?.string }
                == ["Transformer", "Pooling", "Dense"].map { "sentence_transformers.models.\($0)" })
        #expect(
            try json("1_Pooling/config.json", in: folder)
                == ["word_embedding_dimension": 24, "pooling_mode_mean_tokens": true])
        #expect(
            try json("2_Dense/config.json", in: folder) == [
                "in_features": 24, "out_features": 2, "bias": true,
                "activation_function": "torch.nn.modules.linear.Identity",
            ])
        #expect(try json("sentence_bert_config.json", in: folder)["max_seq_length"] == 24)
        let config = try json("config.json", in: folder)
        #expect(config["architectures"] == ["BertModel"] && config["id2label"] == nil)
    }

    @Test(
        "A merged encoder's mean through the linear map gives the adapter's logits",
        arguments: MethodCase.all.filter { $0.name == "default" })
    func logitsAgree(_ test: MethodCase) throws {
        let scene = try Scene(test.section, pooling: .mean)
        guard scene.trained.model.method.mergeability == .exact, scene.trained.model.head.pooling == .mean
        else { return }
        let folder = try TemporaryFolder()
        try ExportFormat.merged.write(scene.trained, to: folder.file("out"))
        let workspace = Workspace()
        let hidden = Encoder(try EncoderWeights(directory: folder.file("out")))
            .forward(scene.tiny.batch, nil, workspace).hidden
        let dense = try SafetensorsFile(path: folder.file("out/2_Dense/model.safetensors"))
        let (weight, bias) = (try dense.floats("linear.weight"), try dense.floats("linear.bias"))
        var found: [Float] = []
        for sequence in 0..<scene.tiny.batch.count {
            let tokens = scene.tiny.batch.range(sequence)
            let mean = (0..<hidden.columns).map { column in
                tokens.reduce(Float(0)) { $0 + hidden.row($1)[column] } / Float(tokens.count)
            }
            for row in bias.indices {
                found.append(
                    zip(mean, weight[(row * mean.count)...]).reduce(bias[row]) { $0 + $1.0 * $1.1 })
            }
        }
        withExtendedLifetime(workspace) {}
        // Three layers in float, in another order.
        #expect(mismatch(found, scene.logits, Tolerance(absolute: 2e-6, relative: 1e-5)) == nil)
    }

    @Test("A dense layer is a module before the head's, and is read again", arguments: Scene.heads)
    func dense(head: HeadSettings) throws {
        guard head.dense != .none, head.pooling == .mean || head.dense != .tanh else { return }
        let scene = try Scene(["method": "lora"], head)
        let folder = try TemporaryFolder()
        try ExportFormat.peft.write(scene.trained, to: folder.file("out"))
        let modules = try #require(try json("modules.json", in: folder).array)
        #expect(modules.map { $0["path"]?.string } == ["", "1_Pooling", "2_Dense", "3_Dense"])
        let names = [HeadDense.tanh: "Tanh", .gelu: "GELU", .relu: "ReLU"]
        #expect(
            try json("2_Dense/config.json", in: folder) == [
                "in_features": 24, "out_features": 24, "bias": true,
                "activation_function": .string("torch.nn.modules.activation.\(names[head.dense] ?? "")"),
            ])
        #expect(
            try json("1_Pooling/config.json", in: folder)["pooling_mode_mean_tokens"]
                == .bool(head.pooling == .mean))
        let read = try ImportedAdapter.read(folder.file("out"), on: scene.tiny.weights)
        #expect(read.head() == head)
        let values = try read.values(in: scene.trained.layout, for: scene.trained.output)
        #expect(values.map(\.bitPattern) == scene.trained.values.map(\.bitPattern))
    }

    @Test(
        "A regression on pairs has a range and no labels, and is read again", arguments: ExportFormat.foreign)
    func regression(form: ExportFormat) throws {
        let scene = try Scene(["method": "lora"], pooling: .mean, .regression(0...5), isPaired: true)
        let folder = try TemporaryFolder()
        try form.write(scene.trained, to: folder.file("out"))
        let settings = try json("head.json", in: folder)
        #expect(settings["range"] == [0.0, 5.0] && settings["pairs"] == true && settings["labels"] == nil)
        let read = try ImportedAdapter.read(folder.file("out"), on: scene.tiny.weights)
        let values = try read.values(in: scene.trained.layout, for: scene.trained.output)
        #expect(values.map(\.bitPattern) == scene.trained.values.map(\.bitPattern))
    }

    @Test(
        "A spoilt head is refused by file and key",
        arguments: [
            ("head.json", "\"mean\"", "\"max\"", "head.json: 'pooling' is \"max\""),
            ("head.json", "{", "{ \"dense\": \"selu\",", "'dense' is \"selu\", expected tanh, gelu, relu"),
            ("head.json", "[\"warm\", \"cold\"]", "2", "head.json: 'labels' is 2, expected a list of names"),
            ("head.json", "{", "", "head.json"),
            ("2_Dense/model.safetensors", "linear.bias", "linear.bios", "tensor 'linear.bias' is missing"),
        ])
    func mistakes(file: String, part: String, instead: String, says: String) throws {
        let scene = try Scene(["method": "lora"], pooling: .mean)
        let folder = try TemporaryFolder()
        try ExportFormat.peft.write(scene.trained, to: folder.file("out"))
        var bytes = try folder.read("out/\(file)")
        let range = try #require(bytes.range(of: Data(part.utf8)))
        bytes.replaceSubrange(range, with: Data(instead.utf8))
        try folder.write(bytes, to: "out/\(file)")
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file("out"), on: scene.tiny.weights)
        }
        #expect(failure.map { "\($0)" }?.contains(says) == true, "\(String(describing: failure))")
    }
}
