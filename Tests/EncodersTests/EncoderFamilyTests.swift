import Diagnostics
import Encoders
import Formats
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
            vocabulary: "words", positions: "max_rows", segments: nil,
            layerNormEpsilon: .init("eps", default: 1e-12), fixed: [.init("activation", is: "gelu")]),
        tensors: TensorNames(
            prefix: "toy.", words: "table.words", positions: "table.positions", segments: nil,
            layers: "blocks.",
            modules: [
                .embeddingNorm: "table.norm", .query: "q", .key: "k", .value: "v", .projection: "o",
                .attentionNorm: "norm1", .intermediate: "up", .output: "down", .outputNorm: "norm2",
            ],
            formerEndings: ["norm2.bias": "norm2.beta"]),
        classes: ModelClasses(
            encoder: "Toy", classifier: "ToyClassifier", head: .classifier(.tanh), adapters: "ToyAdapters"),
        positionOffset: 2)
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
                == #"'model_type' is "gpt2", expected "bert" or "toy""#)
        #expect(
            try message(Self.configuration(), EncoderFamily.all)
                == #"'model_type' is "toy", expected "bert""#)
        #expect(
            try message(Self.configuration(rows: 2), Self.families)
                == "'max_rows' is 2, expected a whole number from 3 to 1048576")
    }

    @Test(
        "Every family names its modules, one for each site, and is in the table once",
        arguments: EncoderFamily.all)
    func table(_ family: EncoderFamily) {
        let sites = Site.norms + Site.linears.filter { $0 != .pooler }
        let modules = sites.compactMap { family.tensors.module(at: LayerSite(1, $0)) }
        #expect(modules.count == sites.count && Set(modules).count == sites.count)
        #expect(EncoderFamily.all.filter { $0 == family }.count == 1)
        #expect(family.positionOffset >= 0 && family.tensors.table(.positions) != nil)
    }
}
