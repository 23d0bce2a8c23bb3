import Adapters
import Diagnostics
import Encoders
import Exchange
import Formats
import Foundation
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

/// Any bytes are either read or refused with a `Failure`: no file traps, hangs or ends in another error.
@Suite struct MutationTests {
    #if DEBUG
        private static let count = 30
    #else
        private static let count = 400
    #endif

    /// Reads mutations of a file; the first one is the file itself, which must be read.
    private func mutate(
        _ name: String, _ file: Data, by mutation: (Data, inout TestRandom) -> Data = { $0.mutated(&$1) },
        read: (Data) throws -> Void
    ) throws {
        var random = TestRandom("mutations of \(name)")
        try read(file)
        for number in 0..<Self.count {
            let changed = mutation(file, &random)
            do { try read(changed) } catch is Failure {} catch {
                Issue.record("mutation \(number) of \(name): \(type(of: error)): \(error)")
            }
        }
    }

    /// Reads a folder with one of its files mutated.
    private func mutate(
        _ name: String, of directory: String, _ label: String = "",
        by mutation: (Data, inout TestRandom) -> Data = { $0.mutated(&$1) },
        read: (String) throws -> Void
    ) throws {
        let folder = try TemporaryFolder(copying: directory)
        try mutate("\(label) \(name)", try folder.read(name), by: mutation) { data in
            try folder.write(data, to: name)
            try read(folder.path)
        }
    }

    private static func header(_ data: Data, _ random: inout TestRandom) -> Data {
        data.mutatedHeader(&random)
    }

    private static func golden(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(Golden.folder)/\(name)"))
    }

    @Test(arguments: ["methods/lora.json", "tokenizers/added.json", "exchange/peft-lora/adapter_config.json"])
    func json(name: String) throws {
        try mutate(name, Self.golden(name)) {
            let value = try JSONValue(parsing: $0, at: name)
            #expect(try JSONValue(parsing: Data(value.encoded().utf8), at: name) == value)
        }
    }

    @Test func jsonLines() throws {
        let folder = try TemporaryFolder()
        let lines = "{\"time\":1.5,\"kind\":\"step\",\"step\":1}\n{\"kind\":\"ended\",\"list\":[1,null]}\n"
        try mutate("JSON lines", Data(lines.utf8)) { data in
            _ = try JSONLines.read(path: folder.write(data, to: "journal.jsonl"))
            try JSONLines(path: folder.file("journal.jsonl"), appending: true).append(["kind": "more"])
        }
    }

    @Test(arguments: [GLUETask.cola, .rte, .stsb, .qqp]) func tables(task: GLUETask) throws {
        let texts = [
            "cola": "ab12\t0\t*\tA \"cat sat.\nab13\t1\t\tA cat.\r\n",
            "rte": "index\tsentence1\tsentence2\tlabel\n5\tAda came.\tBo came.\tnot_entailment\n",
            "stsb": "index\tgenre\tsentence1\tsentence2\tscore\n0\tx\tA dog.\tA hound.\t3.800\n",
            "qqp": "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n9\t1\t2\tWhy?\tHow so?\t1\n",
        ]
        let folder = try TemporaryFolder()
        try mutate(task.name, Data(try #require(texts[task.name]).utf8)) { data in
            try folder.write(data, to: task.file(of: .train))
            _ = try task.read(.train, in: folder.path)
        }
    }

    @Test(
        arguments: [
            (.csv, "\u{FEFF}id,text,label\r\n1,\"a, \"\"b\"\"\nc\",cold\r\n2,d,warm\r\n"),
            (
                .jsonl,
                "{\"text\": \"a\\u00e9\\n\", \"label\": \"cold\"}\n{\"label\": \"warm\", \"text\": 1.5}\n"
            ),
        ] as [(DataFormat, String)])
    func dataFormats(format: DataFormat, text: String) throws {
        let declaration: JSONValue = [
            "name": "colour", "train": "train", "dev": "dev", "format": .string(format.rawValue),
            "labels": ["cold", "warm"],
        ]
        let task: CustomTask = try declaration.decoded(from: "task")
        let folder = try TemporaryFolder()
        try mutate(format.rawValue, Data(text.utf8)) { data in
            try folder.write(data, to: "train")
            let read = try task.read(.train, in: folder.path)
            #expect(read.examples.allSatisfy { !$0.first.isEmpty && $0.target != nil })
            _ = try task.texts(of: data, at: "in", format: format)
        }
    }

    @Test(arguments: [GLUETask.mnli, .stsb]) func hubLayout(task: GLUETask) throws {
        let texts = [
            "mnli": "{\"premise\":\"A dog.\",\"hypothesis\":\"A hound.\",\"label\":2,\"idx\":0}\n",
            "stsb": "{\"sentence1\":\"A dog.\",\"sentence2\":\"\",\"label\":3.7999999523,\"idx\":0}\n",
        ]
        let folder = try TemporaryFolder()
        try mutate("hub \(task.name)", Data(try #require(texts[task.name]).utf8)) { data in
            try folder.write(data, to: "\(task.name)/train.jsonl")
            _ = try task.read(.train, in: folder.path)
        }
    }

    @Test(arguments: [false, true]) func safetensors(inHeader: Bool) throws {
        let file = try Self.golden("formats/mixed.safetensors")
        try mutate("mixed.safetensors", file, by: inHeader ? Self.header : { $0.mutated(&$1) }) { data in
            let file = try SafetensorsFile(data, path: "mixed.safetensors")
            for name in file.names {
                switch try file.entry(name).dtype {
                case .int64: _ = try file.int64s(name)
                case .float64: _ = try file.doubles(name)
                case .float32, .float16, .bfloat16: _ = try file.floats(name)
                default: _ = try file.pointer(name)
                }
            }
        }
    }

    @Test(arguments: [false, true]) func checkpoints(inHeader: Bool) throws {
        let tensors = [
            NamedTensor(name: "parameters", shape: [3], values: .float([1, -0.0, .infinity])),
            NamedTensor(name: "times", shape: [2], values: .int64([0, .max])),
        ]
        let facts: JSONValue = ["identity": ["seed": 42], "text": "größe"]
        let saved = try Checkpoint(step: 7, tensors: tensors, facts: facts)
        try mutate("state.safetensors", saved.encoded(), by: inHeader ? Self.header : { $0.mutated(&$1) }) {
            let read = try Checkpoint(decoding: $0, at: "state.safetensors")
            _ = try read.floats("parameters", count: 3)
            _ = try read.int64s("times", count: 2)
        }
        let folder = try TemporaryFolder()
        try saved.write(into: folder.path, keep: 1)
        try mutate("checkpoint.json", of: folder.file("step-7")) { _ = try Checkpoint.read($0) }
    }

    @Test(arguments: ["vocab.txt", "tokenizer_config.json"]) func tokenizers(file: String) throws {
        try mutate(file, of: TinyModel.directory) { try Self.tokenize($0) }
    }

    @Test func tokenizerFile() throws {
        try mutate("tokenizer.json", of: "\(Golden.folder)/tokenizers") { try Self.tokenize($0) }
    }

    private static func tokenize(_ directory: String) throws {
        let tokenizer = try TokenizerFolder.load(directory)
        _ = try tokenizer.encode("Ein größeres Haus, 猫 and unaffable!", "[MASK] e\u{301}", limit: 16)
    }

    @Test func backbones() throws {
        for family in TinyModel.families {
            try mutate("config.json", of: TinyModel.directory(of: family), family.name) {
                _ = try EncoderWeights(directory: $0)
            }
        }
        try mutate("model.safetensors", of: TinyModel.directory, by: Self.header) {
            _ = try EncoderWeights(directory: $0)
        }
        try mutate("model.safetensors.index.json", of: TinyModel.variant("sharded")) {
            _ = try EncoderWeights(directory: $0)
        }
    }

    @Test(arguments: MethodCase.all.filter { $0.name == "default" }) func adapters(test: MethodCase) throws {
        let weights = try TinyModel().weights
        let configuration: JSONValue = [
            "peft_type": .string(test.method), "hadamesh": ["adapter": test.section],
        ]
        let folder = try TemporaryFolder(["adapter_config.json": configuration.encoded()])
        try mutate("adapter_config.json", of: folder.path, test.description) {
            let read: JSONValue = try AdapterFolder.configuration(of: $0)
            guard let section = read["hadamesh"]?["adapter"] else { return }
            _ = try AdapterSettings(json: section).method.slices(on: weights, seed: 1)
        }
    }

    @Test(arguments: [
        "peft-lora", "peft-ia3", "peft-layernorm", "adapters-houlsby", "adapters-parallel", "adapters-lora",
    ])
    func foreignAdapters(name: String) throws {
        let weights = try TinyModel().weights
        let directory = "\(Golden.folder)/exchange/\(name)"
        try mutate("adapter_config.json", of: directory, name) { try Self.readAdapter($0, weights) }
        let tensors = name.hasPrefix("peft") ? "adapter_model.safetensors" : "adapter.safetensors"
        try mutate(tensors, of: directory, name, by: Self.header) { try Self.readAdapter($0, weights) }
    }

    @Test func separateHead() throws {
        let weights = try TinyModel().weights
        let method = try AdapterSettings(json: ["method": "lora"]).method
        let model = try AdaptedModel(weights, method, HeadSettings(pooling: .mean))
        let layout = model.layout(for: Self.output, headOwner: "colour", seed: 1)
        let trained = TrainedAdapter(
            model, task: "colour", Self.output, isPaired: false, maximumTokens: 24, layout,
            values: layout.initial)
        let folder = try TemporaryFolder()
        try ExportFormat.peft.write(trained, to: folder.file("out"))
        try mutate("head.json", of: folder.file("out")) { try Self.readAdapter($0, weights) }
        try mutate("2_Dense/model.safetensors", of: folder.file("out"), by: Self.header) {
            try Self.readAdapter($0, weights)
        }
    }

    private static let output = TaskOutput.classes(["cold", "warm"])

    private static func readAdapter(_ folder: String, _ weights: EncoderWeights) throws {
        let read = try ImportedAdapter.read(folder, on: weights)
        let model = try AdaptedModel(weights, read.adapter.method, read.head())
        let layout = model.layout(for: output, headOwner: "colour", seed: 1)
        _ = try read.values(in: layout, for: output, labels: ["cold", "warm"])
    }
}
