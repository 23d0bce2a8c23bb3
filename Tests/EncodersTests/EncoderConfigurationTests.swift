import Diagnostics
import Encoders
import Foundation
import TestSupport
import Testing

@Suite("config.json")
struct EncoderConfigurationTests {
    @Test("The tiny BERT's shape is read")
    func shape() throws {
        let configuration = try EncoderConfiguration(directory: TinyModel.directory)
        #expect(configuration.family == .bert)
        #expect(configuration.hidden == 24 && configuration.headWidth == 8)
        #expect(configuration.layers == 3 && configuration.heads == 3)
        #expect(configuration.intermediate == 40 && configuration.vocabulary == 60)
        #expect(configuration.positions == 32 && configuration.segments == 2)
        #expect(configuration.layerNormEpsilon == 1e-12)
    }

    @Test("BERT-base has 109,482,240 numbers, pooler included")
    func parameterCount() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
             "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512}
            """, to: "config.json")
        let configuration = try EncoderConfiguration(directory: folder.path)
        #expect(configuration.parameterCount == 109_482_240)
        // Keys with a default in Hugging Face's own BERT configuration may be left out.
        #expect(configuration.segments == 2 && configuration.layerNormEpsilon == 1e-12)
    }

    /// One key of the tiny BERT's configuration set to another JSON value, or removed, and the words of the
    /// failure.
    struct Case: Sendable, CustomTestStringConvertible {
        let key: String
        let value: String?
        let message: String
        var testDescription: String { "\(key): \(value ?? "missing")" }

        init(_ key: String, _ value: String?, _ message: String) {
            (self.key, self.value, self.message) = (key, value, message)
        }
    }

    @Test(
        "A value that the encoder can't follow is named with what was expected",
        arguments: [
            Case("hidden_size", nil, "'hidden_size' is missing"),
            Case("num_hidden_layers", nil, "'num_hidden_layers' is missing"),
            Case("num_attention_heads", nil, "'num_attention_heads' is missing"),
            Case("intermediate_size", nil, "'intermediate_size' is missing"),
            Case("vocab_size", nil, "'vocab_size' is missing"),
            Case("max_position_embeddings", nil, "'max_position_embeddings' is missing"),
            Case(
                "hidden_size", "\"24\"", "'hidden_size' is \"24\", expected a whole number from 1 to 1048576"),
            Case("hidden_size", "24.5", "'hidden_size' is 24.5, expected a whole number from 1 to"),
            Case("hidden_size", "0", "'hidden_size' is 0, expected a whole number from 1 to"),
            Case("num_hidden_layers", "-3", "'num_hidden_layers' is -3, expected a whole number from 1 to"),
            Case("num_hidden_layers", "true", "expected a whole number from 1 to"),
            Case("num_attention_heads", "[3]", "expected a whole number from 1 to"),
            Case("vocab_size", "null", "expected a whole number from 1 to"),
            Case("num_hidden_layers", "1000000000", "expected a whole number from 1 to 4096"),
            Case("vocab_size", "1e30", "expected a whole number from 1 to"),
            Case("type_vocab_size", "0", "'type_vocab_size' is 0, expected a whole number from 1 to"),
            Case("is_decoder", "true", "'is_decoder' is true, expected false"),
            Case("add_cross_attention", "true", "'add_cross_attention' is true, expected false"),
            Case("is_decoder", "1", "'is_decoder' is 1, expected false"),
            Case("num_attention_heads", "5", "'hidden_size' 24 is not divisible by 'num_attention_heads' 5"),
            Case("model_type", nil, #"'model_type' is missing, expected one of "bert", "roberta", "#),
            Case("model_type", "\"gpt2\"", #"'model_type' is "gpt2", expected one of "bert", "roberta", "#),
            Case("model_type", "7", #"'model_type' is 7, expected one of "bert", "#),
            Case("hidden_act", "\"mish\"", #"'hidden_act' is "mish", expected one of "gelu", "#),
            Case("hidden_act", "3", #"'hidden_act' is 3, expected one of "gelu", "#),
            Case("hidden_act", "null", #"'hidden_act' is null, expected one of "gelu", "#),
            Case(
                "position_embedding_type", "\"relative_key\"",
                #"'position_embedding_type' is "relative_key", expected "absolute""#),
            Case(
                "layer_norm_eps", "\"tiny\"", "'layer_norm_eps' is \"tiny\", expected a small positive number"
            ),
            Case("layer_norm_eps", "0", "'layer_norm_eps' is 0, expected a small positive number"),
            Case("layer_norm_eps", "1e-60", "expected a small positive number"),
            Case("layer_norm_eps", "-1e-5", "expected a small positive number"),
            Case("layer_norm_eps", "2", "'layer_norm_eps' is 2, expected a small positive number"),
        ])
    func badValuesAreNamed(_ test: Case) throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory)
        try folder.write(
            try changed(test.key, to: test.value, in: folder.read("config.json")), to: "config.json")
        let failure = #expect(throws: Failure.self) { try EncoderConfiguration(directory: folder.path) }
        #expect(failure?.message.contains(test.message) == true, "\(String(describing: failure))")
        #expect(failure?.location == folder.file("config.json"))
        #expect(failure?.kind == .data)
    }

    @Test(
        "No file, no JSON and no object are told apart from a bad value",
        arguments: [
            (nil, "no readable config.json"), ("", "found nothing, expected JSON"),
            ("{\"hidden_size\": 24", "expected ',' or '}'"),
            ("[1, 2]", "is not a JSON object"),
        ])
    func badFilesAreNamed(text: String?, message: String) throws {
        let folder = try TemporaryFolder()
        if let text { try folder.write(text, to: "config.json") }
        let failure = #expect(throws: Failure.self) { try EncoderConfiguration(directory: folder.path) }
        #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
        #expect(failure?.location?.hasPrefix(folder.file("config.json")) == true)
        #expect(failure?.kind == .data)
    }
}

/// A configuration file with one key set to a JSON value, or removed.
func changed(_ key: String, to value: String?, in data: Data) throws -> Data {
    let object = try JSONSerialization.jsonObject(with: data)
    var members = try #require(object as? [String: Any])
    members[key] = try value.map {
        try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
    }
    return try JSONSerialization.data(withJSONObject: members)
}
