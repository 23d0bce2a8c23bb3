import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("A family is data")
struct EncoderFamilyTests {
    /// Other names and keys than BERT's, positions from 2, and neither segments nor a pooler.
    private static let toy = EncoderFamily(
        name: "toy", title: "Toy",
        keys: ConfigurationKeys(
            hidden: "dim", layers: "n_layers", heads: "n_heads", intermediate: "ffn_dim",
            vocabulary: "words", positions: "max_rows", segments: nil, activation: "activation",
            layerNormEpsilon: .init("eps", default: 1e-12)),
        tensors: TensorNames(
            prefix: "toy.", words: "table.words", positions: "table.positions", segments: nil,
            layers: "blocks.",
            modules: [
                .embeddingNorm: "table.norm", .query: "q", .key: "k", .value: "v", .projection: "o",
                .attentionNorm: "norm1", .intermediate: "up", .output: "down", .outputNorm: "norm2",
            ],
            formerEndings: ["norm2.bias": "norm2.beta"]),
        classes: ModelClasses(
            encoder: "Toy", classifier: "ToyClassifier", head: .classifier(.tanh), tokenizer: "ToyTokenizer",
            adapters: "ToyAdapters"),
        positions: .afterPadding(id: .constant(1)))
    private static let families = EncoderFamily.all + [toy]

    private static func configuration(rows: Int = 34, type: String = "toy") -> String {
        """
        {"model_type": "\(type)", "dim": 24, "n_layers": 3, "n_heads": 3, "ffn_dim": 40, "words": 60,
         "max_rows": \(rows), "activation": "gelu"}
        """
    }

    /// The tiny BERT as a model of the toy family: the first segment is added to every word, two rows that
    /// nothing reads come before the positions.
    private static func folder(of tiny: TinyModel) throws -> TemporaryFolder {
        let (bert, own) = (EncoderFamily.bert.tensors, toy.tensors)
        var names: [String: String] = [:]
        for site in tiny.weights.normSites + tiny.weights.linearSites {
            guard let from = bert.module(at: site), let to = own.module(at: site) else { continue }
            for part in ["weight", "bias"] { names["\(from).\(part)"] = "toy.\(to).\(part)" }
        }
        var tensors = tiny.weights.namedTensors(prefix: "").compactMap { tensor in
            names[tensor.name].map { name in
                NamedTensor(
                    name: name.hasSuffix("norm2.bias") ? String(name.dropLast(4)) + "beta" : name,
                    shape: tensor.shape, values: tensor.values)
            }
        }
        let (tables, d) = (tiny.weights.embeddings, tiny.weights.configuration.hidden)
        let segment = try #require(tables.segments).values.prefix(d)
        let words = tables.words.values.enumerated().map { $1 + segment[$0 % d] }
        let positions = [Float](repeating: 1e30, count: 2 * d) + tables.positions.values
        tensors += [
            NamedTensor(name: "toy.table.words", shape: [60, d], values: .float(words)),
            NamedTensor(name: "toy.table.positions", shape: [34, d], values: .float(positions)),
        ]
        let folder = try TemporaryFolder()
        try folder.write(configuration(), to: "config.json")
        try Safetensors.write(tensors, to: folder.file("model.safetensors"))
        return folder
    }

    private static func batch(_ tiny: TinyModel, segment: Int32) -> PackedBatch {
        var batch = PackedBatch()
        for sequence in 0..<tiny.batch.count {
            let ids = Array(tiny.batch.ids[tiny.batch.range(sequence)])
            batch.append(ids: ids, segments: ids.map { _ in segment }, key: UInt64(sequence))
        }
        return batch
    }

    @Test("Other names, keys, position offset and tables give the same bits")
    func otherFamily() throws {
        let tiny = try TinyModel()
        let folder = try Self.folder(of: tiny)
        let weights = try EncoderWeights(directory: folder.path, families: Self.families)
        #expect(weights.configuration.family == Self.toy && weights.pooler == nil)
        #expect(weights.configuration.positions == 32 && weights.configuration.segments == nil)
        let expected = tiny.hidden(Self.batch(tiny, segment: 0))
        for segment: Int32 in [0, 1] {
            let workspace = Workspace()
            let found = Encoder(weights).forward(Self.batch(tiny, segment: segment), nil, workspace).hidden
                .values
            withExtendedLifetime(workspace) {}
            #expect(differingBits(found, expected) == nil)
        }
    }

    @Test("Backward adds to the rows of the position table that forward read")
    func offsetGradients() throws {
        let tiny = try TinyModel()
        let folder = try Self.folder(of: tiny)
        let weights = try EncoderWeights(directory: folder.path, families: Self.families)
        let (batch, d) = (Self.batch(tiny, segment: 0), weights.configuration.hidden)
        func gradients(_ weights: EncoderWeights, of table: EmbeddingTable) throws -> [Float] {
            let sites = TrainableSites(weights, lowest: .embeddings)
            let workspace = Workspace()
            let encoder = Encoder(weights)
            let activations = encoder.forward(batch, sites, workspace)
            let upstream = GuardedMatrix(
                (0..<batch.tokens * d).map { Float($0 % 7) - 3 }, rows: batch.tokens)
            encoder.backward(upstream.view, activations, batch, sites, workspace)
            withExtendedLifetime(workspace) {}
            let tensor = TrainableSites.Tensor(place: .embeddings, part: table.rawValue)
            return try #require(sites.gradients[tensor]).values
        }
        let expected = try gradients(tiny.weights, of: .positions)
        let found = try gradients(weights, of: .positions)
        #expect(found.prefix(2 * d).allSatisfy { $0 == 0 } && expected.contains { $0 != 0 })
        #expect(differingBits(Array(found.dropFirst(2 * d)), expected) == nil)
        #expect(
            differingBits(
                try gradients(weights, of: .words), try gradients(tiny.weights, of: .words)) == nil)
    }

    @Test("Without segment embeddings any segment is allowed, and positions end before the offset's rows")
    func bounds() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.configuration(), to: "config.json")
        let configuration = try EncoderConfiguration(directory: folder.path, families: Self.families)
        var bounds = TokenBounds()
        bounds.add(ids: [Int32](repeating: 1, count: 32), segments: [Int32](repeating: 1, count: 32))
        try bounds.check(against: configuration, at: "here")
        bounds.add(ids: [Int32](repeating: 1, count: 33), segments: [Int32](repeating: 0, count: 33))
        let failure = #expect(throws: Failure.self) { try bounds.check(against: configuration, at: "here") }
        #expect(failure?.message == "a sequence has 33 tokens, but the backbone has 32 positions")
    }

    @Test("A family's tensors are written under its names")
    func names() throws {
        let tiny = try TinyModel()
        let folder = try Self.folder(of: tiny)
        let weights = try EncoderWeights(directory: folder.path, families: Self.families)
        let names = weights.namedTensors(prefix: "x.").map(\.name)
        #expect(names.prefix(2) == ["x.table.words", "x.table.positions"])
        #expect(names.contains("x.blocks.2.down.weight") && names.contains("x.table.norm.bias"))
        #expect(names.count == 2 + 2 * (1 + 3 * 8))
        #expect(weights.configuration.parameterCount == (60 + 34 + 2) * 24 + 3 * (4 * 600 + 1000 + 984 + 96))
    }

    @Test("An unknown family is refused with the list, and so are too few positions")
    func mistakes() throws {
        func message(_ configuration: String, _ families: [EncoderFamily]) throws -> String? {
            let folder = try TemporaryFolder()
            try folder.write(configuration, to: "config.json")
            return #expect(throws: Failure.self) {
                try EncoderConfiguration(directory: folder.path, families: families)
            }?.message
        }
        #expect(
            try message(Self.configuration(type: "gpt2"), Self.families)
                == #"'model_type' is "gpt2", expected one of "bert", "roberta", "xlm-roberta", "camembert", "#
                + #""electra", "distilbert", "mpnet", "toy""#)
        #expect(
            try message(Self.configuration(), [.bert, .mpnet])
                == #"'model_type' is "toy", expected one of "bert", "mpnet""#)
        #expect(
            try message(Self.configuration(rows: 2), Self.families)
                == "'max_rows' is 2, expected a whole number from 3 to 1048576")
    }

    @Test(
        "Every family names its modules, one for each site, and is in the table once",
        arguments: EncoderFamily.all)
    func table(_ family: EncoderFamily) {
        let sites = Site.norms + Site.linearsOfLayers
        let modules = sites.compactMap { family.tensors.module(at: LayerSite(1, $0)) }
        #expect(modules.count == sites.count && Set(modules).count == sites.count)
        #expect(EncoderFamily.all.filter { $0 == family }.count == 1)
        #expect(family.tensors.table(.words) != nil && family.tensors.table(.positions) != nil)
    }

    @Test(
        "Kin of a family differ from it by name alone",
        arguments: [(EncoderFamily.xlmRoberta, EncoderFamily.roberta), (.camembert, .roberta)])
    func kin(_ family: EncoderFamily, _ other: EncoderFamily) throws {
        let tiny = try TinyModel(other)
        let folder = try TemporaryFolder(copying: TinyModel.directory(of: other))
        try folder.write(
            try changed("model_type", to: "\"\(family.name)\"", in: folder.read("config.json")),
            to: "config.json")
        let own = try TinyModel(other, directory: folder.path)
        #expect(own.weights.configuration.family == family)
        #expect(differingBits(own.hidden(), tiny.hidden()) == nil)
    }

    @Test("Every family has a tiny encoder, or is kin of one that has")
    func covered() {
        let missing = EncoderFamily.all.filter { !TinyModel.families.contains($0) }
        #expect(missing == [.xlmRoberta, .camembert])
    }

    /// The published backbones' sizes.
    @Test(
        "Parameters are counted as `transformers` counts them",
        arguments: [
            (
                #"{"model_type": "roberta", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}"#,
                124_645_632
            ),
            (
                #"{"model_type": "electra", "embedding_size": 128, "hidden_size": 256, "num_hidden_layers": 12, "num_attention_heads": 4, "intermediate_size": 1024, "vocab_size": 30522, "max_position_embeddings": 512}"#,
                13_483_008
            ),
            (
                #"{"model_type": "distilbert", "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "vocab_size": 30522, "max_position_embeddings": 512}"#,
                66_362_880
            ),
            (
                #"{"model_type": "mpnet", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30527, "max_position_embeddings": 514}"#,
                109_486_464
            ),
        ] as [(String, Int)])
    func parameterCounts(_ text: String, _ expected: Int) throws {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "config.json")
        #expect(try EncoderConfiguration(directory: folder.path).parameterCount == expected)
    }

    @Test("An ELECTRA generator is refused by its class and by its tensors")
    func generator() throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory(of: .electra))
        let configuration = try folder.read("config.json")
        try folder.write(
            try changed("architectures", to: "[\"ElectraForMaskedLM\"]", in: configuration),
            to: "config.json")
        var failure = #expect(throws: Failure.self) { try EncoderWeights(directory: folder.path) }
        #expect(failure?.message == "'architectures' has ElectraForMaskedLM: a generator")
        #expect(failure?.remedy?.contains("google/electra-base-discriminator") == true)
        try folder.write(configuration, to: "config.json")
        let tensors = try TinyModel(.electra).weights.namedTensors(prefix: "electra.")
        let prediction = NamedTensor(
            name: "generator_predictions.dense.bias", shape: [16],
            values: .float(.init(repeating: 0, count: 16)))
        try FileManager.default.removeItem(atPath: folder.file("model.safetensors"))
        try Safetensors.write(tensors + [prediction], to: folder.file("model.safetensors"))
        failure = #expect(throws: Failure.self) { try EncoderWeights(directory: folder.path) }
        #expect(failure?.message == "has the tensor 'generator_predictions.dense.bias': a generator")
    }

    @Test("An MPNet with another number of distances is refused, as transformers would compute another")
    func distances() throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory(of: .mpnet))
        try folder.write(
            try changed("relative_attention_num_buckets", to: "16", in: folder.read("config.json")),
            to: "config.json")
        let failure = #expect(throws: Failure.self) { try EncoderWeights(directory: folder.path) }
        #expect(failure?.message == "'relative_attention_num_buckets' is 16, expected 32")
        let buckets = try Golden("encoders/distances").integers("buckets")
        #expect((-512...512).map { RelativePositions.bucket($0) } == buckets)
    }
}
