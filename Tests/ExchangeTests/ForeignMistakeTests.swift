import Adapters
import Diagnostics
import Encoders
import Exchange
import Formats
import Foundation
import Tasks
import TestSupport
import Testing
import Training

/// A change of another software's folder that makes it unusable, and the words of the failure.
struct ForeignMistake: Sendable, CustomTestStringConvertible {
    let folder: String
    /// The changed file, a part of its text, and the part's replacement.
    let file, part, instead: String
    let says: [String]

    var testDescription: String { "\(folder): \(instead)" }

    static let all: [ForeignMistake] = [
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"LORA\"", instead: "\"LOHA\"",
            says: ["'peft_type' is \"LOHA\"", "supported: LORA, IA3, LN_TUNING, HIRA"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"use_dora\": false",
            instead: "\"use_dora\": true",
            says: ["'use_dora' is true", "expected false"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"init_lora_weights\": true",
            instead: "\"init_lora_weights\": \"pissa\"",
            says: ["'init_lora_weights' is \"pissa\"", "path_initial_model_for_weight_conversion"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"alora_invocation_tokens\": null",
            instead: "\"alora_invocation_tokens\": [5, 6]",
            says: ["'alora_invocation_tokens' is [5,6], which has no counterpart here"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"bias\": \"none\"",
            instead: "\"bias\": \"all\"",
            says: ["'bias' is \"all\"", "expected \"none\""]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"r\": 4", instead: "\"r\": \"four\"",
            says: ["'r' is \"four\", expected a whole number"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"r\": 4", instead: "\"r\": 2",
            says: ["lora_A.weight' has shape [4, 24], expected [2, 24]"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"rank_pattern\": {}",
            instead: "\"rank_pattern\": {\"query\": 2}", says: ["'rank_pattern' is {\"query\":2}"]),
        .init(
            folder: "peft-lora", file: "adapter_config.json", part: "\"peft_type\"", instead: "\"left_type\"",
            says: ["adapter_config.json: has neither PEFT's 'peft_type'"]),
        .init(
            folder: "adapters-pfeiffer", file: "adapter_config.json", part: "\"ln_before\": false",
            instead: "\"ln_before\": true", says: ["'ln_before' is true", "expected false"]),
        .init(
            folder: "adapters-pfeiffer", file: "adapter_config.json", part: "\"hidden_size\": 24",
            instead: "\"hidden_size\": 768", says: ["'hidden_size' is 768", "expected 24"]),
        .init(
            folder: "adapters-pfeiffer", file: "adapter_config.json", part: "\"model_type\": \"bert\"",
            instead: "\"model_type\": \"t5\"", says: ["'model_type' is \"t5\""]),
        .init(
            folder: "adapters-pfeiffer", file: "adapter_config.json", part: "\"relu\"", instead: "\"selu\"",
            says: ["selu"]),
        .init(
            folder: "adapters-pfeiffer", file: "adapter_config.json", part: "      1\n", instead: "      2\n",
            says: ["layer.1.", "is missing"]),
        .init(
            folder: "adapters-pfeiffer", file: "head_config.json", part: "\"layers\": 1",
            instead: "\"layers\": 3",
            says: ["head_config.json: 'layers' is 3", "expected 1"]),
        .init(
            folder: "adapters-pfeiffer", file: "head_config.json", part: "\"layers\": 1",
            instead: "\"layers\": 2",
            says: ["model_head.safetensors: tensor 'heads.warmth.4.weight' is missing"]),
        .init(
            folder: "adapters-ia3", file: "adapter_config.json", part: "\"use_gating\": false",
            instead: "\"use_gating\": true", says: ["'use_gating' is true"]),
    ]
}

@Suite("Mistakes in adapters of other software")
struct ForeignMistakeTests {
    /// A copy of a golden folder that can be spoilt.
    private func copy(_ name: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            atPath: "\(Golden.folder)/exchange/\(name)", toPath: folder.file(name))
        return folder
    }

    @Test(
        "What has no counterpart is refused with key, value and what would do", arguments: ForeignMistake.all)
    func refused(_ mistake: ForeignMistake) throws {
        let folder = try copy(mistake.folder)
        let path = folder.file("\(mistake.folder)/\(mistake.file)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(text.components(separatedBy: mistake.part).count == 2)
        try text.replacingOccurrences(of: mistake.part, with: mistake.instead)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file(mistake.folder), on: weights)
        }
        for words in mistake.says {
            #expect(failure.map { "\($0)" }?.contains(words) == true, "\(String(describing: failure))")
        }
    }

    @Test(
        "A file that is missing is named, with how to save it",
        arguments: [
            ("peft-lora", "adapter_model.safetensors", "safetensors"),
            ("adapters-lora", "adapter.safetensors", "use_safetensors=True"),
            ("adapters-lora", "head_config.json", "with its head"),
            ("peft-lora", "adapter_config.json", "adapter_config.json"),
        ])
    func missingFiles(folder: String, file: String, says: String) throws {
        let copied = try copy(folder)
        try FileManager.default.removeItem(atPath: copied.file("\(folder)/\(file)"))
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(copied.file(folder), on: weights)
        }
        #expect(failure?.kind == .data, "\(String(describing: failure))")
        #expect(failure.map { "\($0)" }?.contains(says) == true, "\(String(describing: failure))")
    }

    @Test("A tensor that the method doesn't have is not left out in silence")
    func extraTensor() throws {
        let folder = try copy("peft-lora")
        let path = folder.file("peft-lora/adapter_model.safetensors")
        let file = try SafetensorsFile(path: path)
        var tensors = try file.names.map {
            NamedTensor(name: $0, shape: try file.entry($0).shape, values: .float(try file.floats($0)))
        }
        tensors.append(NamedTensor(name: "base_model.model.extra", shape: [1], values: .float([1])))
        try Safetensors.write(tensors, to: path)
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file("peft-lora"), on: weights)
        }
        #expect(failure?.message.contains("'base_model.model.extra'") == true)
    }

    @Test("A number that is not finite is refused by its tensor's name", arguments: [Float.nan, .infinity])
    func notFinite(value: Float) throws {
        let folder = try copy("peft-lora")
        let path = folder.file("peft-lora/adapter_model.safetensors")
        let file = try SafetensorsFile(path: path)
        let spoilt = try #require(file.names.first { $0.contains("lora_B") })
        let tensors = try file.names.map { name in
            var values = try file.floats(name)
            if name == spoilt { values[0] = value }
            return NamedTensor(name: name, shape: try file.entry(name).shape, values: .float(values))
        }
        try Safetensors.write(tensors, to: path)
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file("peft-lora"), on: weights)
        }
        #expect(failure?.message.contains("'\(spoilt)' has a number that is infinite or NaN") == true)
    }

    @Test("A tensor without dimensions is refused, not indexed")
    func scalarTensor() throws {
        let folder = try copy("adapters-pfeiffer")
        let path = folder.file("adapters-pfeiffer/adapter.safetensors")
        let file = try SafetensorsFile(path: path)
        let tensors = try file.names.map { name in
            let isDown = name.hasSuffix("adapter_down.0.weight")
            let (shape, values) = (try file.entry(name).shape, try file.floats(name))
            return NamedTensor(
                name: name, shape: isDown ? [] : shape, values: .float(isDown ? [1] : values))
        }
        try Safetensors.write(tensors, to: path)
        let weights = try TinyModel().weights
        let failure = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file("adapters-pfeiffer"), on: weights)
        }
        #expect(
            failure?.message.hasSuffix("adapter_down.0.weight' has shape [], expected 2 dimensions") == true)
    }

    @Test("A family that AdapterHub lacks is refused, with the forms that have it")
    func familyOfNoForm() throws {
        let head = HeadSettings(pooling: .cls, dropout: 0)
        let scene = try Scene(["method": "lora", "rank": 2], head, on: .mpnet)
        let folder = try TemporaryFolder()
        let failure = #expect(throws: Failure.self) {
            try ExportFormat.adapters.write(scene.trained, to: folder.file("out"))
        }
        #expect(failure?.message == "AdapterHub has no MPNet")
        #expect(failure?.remedy?.hasPrefix("choose --format merged or --format peft, or use") == true)
        #expect(try folder.names.isEmpty)
    }

    @Test("A head for another number of classes is refused")
    func otherHead() throws {
        let tiny = try TinyModel()
        let read = try ImportedAdapter.read("\(Golden.folder)/exchange/peft-lora", on: tiny.weights)
        let output = TaskOutput.classes(["a", "b", "c"])
        let model = try AdaptedModel(tiny.weights, read.adapter.method, read.head())
        let layout = model.layout(for: output, headOwner: "letters", seed: 1)
        let failure = #expect(throws: Failure.self) { try read.values(in: layout, for: output) }
        #expect(failure?.message == "the head has 2 rows of 24, the task needs 3 of 24")
    }
}
