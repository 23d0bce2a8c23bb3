import Diagnostics
import Formats
public import Kernels
import Synchronization

/// A frozen linear map y = x Wᵀ + b.
public struct LinearWeights {
    /// W [out, in].
    public let weight: Matrix
    /// b [out].
    public let bias: UnsafePointer<Float>
}

/// A frozen LayerNorm.
public struct NormWeights {
    /// γ [d].
    public let scale: UnsafePointer<Float>
    /// β [d].
    public let shift: UnsafePointer<Float>
}

/// The frozen tensors of one layer.
public struct LayerWeights {
    /// x W_Q + b_Q.
    public let query: LinearWeights
    /// x W_K + b_K.
    public let key: LinearWeights
    /// x W_V + b_V.
    public let value: LinearWeights
    /// a W_O + b_O.
    public let projection: LinearWeights
    /// LN1.
    public let attentionNorm: NormWeights
    /// h1 W_1 + b_1.
    public let intermediate: LinearWeights
    /// u W_2 + b_2.
    public let output: LinearWeights
    /// LN2.
    public let outputNorm: NormWeights
}

/// The frozen tensors of a backbone, as views.
///
/// F32 tensors are used where the file is mapped, so every process of a node shares one copy of them. F16 and
/// BF16 tensors, and F32 ones that are not aligned, are converted to a copy of this process's own.
public final class EncoderWeights: @unchecked Sendable {
    /// The backbone's shape.
    public let configuration: EncoderConfiguration
    /// The folder that the weights came from.
    public let directory: String
    /// Word embeddings [vocabulary, d].
    public let words: Matrix
    /// Position embeddings [positions, d].
    public let positions: Matrix
    /// Segment embeddings [segments, d].
    public let segments: Matrix
    /// The embeddings' LayerNorm.
    public let embeddingNorm: NormWeights
    /// The layers, lowest first.
    public let layers: [LayerWeights]
    /// tanh(h_first W + b) of the pretrained pooler, where the backbone has one.
    public let pooler: LinearWeights?
    /// Bytes that are used in place, shared with other processes.
    public let mappedBytes: Int
    /// Bytes that had to be converted to a copy of this process's own.
    public let copiedBytes: Int

    // What the views point into.
    private let folder: SafetensorsFolder?
    private let copies: [FloatBuffer]
    private let knownChecksum = Mutex<Int?>(nil)

    /// Maps the weights of a Hugging Face folder.
    public init(directory: String) throws {
        let configuration = try EncoderConfiguration(directory: directory)
        let folder = try SafetensorsFolder(directory: directory)
        var reader = try TensorReader(folder, configuration)
        let d = configuration.hidden
        words = try reader.matrix(BertNames.words, configuration.vocabulary, d)
        positions = try reader.matrix(BertNames.positions, configuration.positions, d)
        segments = try reader.matrix(BertNames.segments, configuration.segments, d)
        embeddingNorm = try reader.norm(at: Place(Place.belowLayers, .embeddingNorm))
        // One by one: memory is asked for only as layers are found, however many config.json claims.
        var layers: [LayerWeights] = []
        for layer in 0..<configuration.layers { layers.append(try reader.layer(layer)) }
        self.layers = layers
        let pooler = Place(configuration.layers, .pooler)
        self.pooler = try reader.has(pooler) ? reader.linear(at: pooler, d, d) : nil
        mappedBytes = reader.mappedBytes
        copiedBytes = reader.copiedBytes
        copies = reader.copies
        self.folder = folder
        self.configuration = configuration
        self.directory = directory
    }

    /// A number that changes with the bytes of the files; nil for a copy in memory, which has none.
    ///
    /// It says which backbone a run or an adapter belongs to. All bytes are read when it is first asked for.
    public var checksum: Int? {
        knownChecksum.withLock { known in
            if known == nil { known = folder.map { Int($0.checksum()) } }
            return known
        }
    }

    /// Copies every tensor of another backbone into memory of its own.
    init(copying other: EncoderWeights) {
        var buffers: [FloatBuffer] = []
        func vector(_ base: UnsafePointer<Float>, _ count: Int) -> UnsafePointer<Float> {
            let buffer = FloatBuffer(count)
            buffer.base.update(from: base, count: count)
            buffers.append(buffer)
            return UnsafePointer(buffer.base)
        }
        func matrix(_ matrix: Matrix) -> Matrix {
            Matrix(frozen: vector(UnsafePointer(matrix.base), matrix.count), matrix.rows, matrix.columns)
        }
        func linear(_ linear: LinearWeights) -> LinearWeights {
            LinearWeights(weight: matrix(linear.weight), bias: vector(linear.bias, linear.weight.rows))
        }
        let d = other.configuration.hidden
        func norm(_ norm: NormWeights) -> NormWeights {
            NormWeights(scale: vector(norm.scale, d), shift: vector(norm.shift, d))
        }
        configuration = other.configuration
        directory = other.directory
        words = matrix(other.words)
        positions = matrix(other.positions)
        segments = matrix(other.segments)
        embeddingNorm = norm(other.embeddingNorm)
        layers = other.layers.map { layer in
            LayerWeights(
                query: linear(layer.query), key: linear(layer.key), value: linear(layer.value),
                projection: linear(layer.projection), attentionNorm: norm(layer.attentionNorm),
                intermediate: linear(layer.intermediate), output: linear(layer.output),
                outputNorm: norm(layer.outputNorm))
        }
        pooler = other.pooler.map(linear)
        mappedBytes = 0
        copiedBytes = buffers.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
        copies = buffers
        folder = nil
    }
}

/// Finds tensors under the names that files of the BERT family have used, and checks their shapes.
private struct TensorReader {
    let folder: SafetensorsFolder
    let configuration: EncoderConfiguration
    let prefix: String
    var copies: [FloatBuffer] = []
    var mappedBytes = 0
    var copiedBytes = 0

    init(_ folder: SafetensorsFolder, _ configuration: EncoderConfiguration) throws {
        self.folder = folder
        self.configuration = configuration
        let first = BertNames.words
        guard let name = folder.names.first(where: { $0 == first || $0 == "bert.\(first)" }) else {
            throw Failure.data(
                "no tensor '\(first)' or 'bert.\(first)'; the file has \(folder.names.prefix(3).joined(separator: ", ")), …",
                at: folder.path, remedy: "expected the weights of a BERT encoder")
        }
        prefix = String(name.dropLast(first.count))
    }

    func has(_ place: Place) -> Bool { folder.tensors["\(prefix)\(module(place)).weight"] != nil }

    func module(_ place: Place) -> String {
        guard let module = BertNames.module(at: place) else {
            preconditionFailure("\(place.site) is no module of the backbone's")
        }
        return module
    }

    /// Old checkpoints call a LayerNorm's weight and bias gamma and beta.
    func fileName(_ name: String) -> String? {
        let old = name.replacingSuffix("LayerNorm.weight", by: "LayerNorm.gamma")
            .replacingSuffix("LayerNorm.bias", by: "LayerNorm.beta")
        return [prefix + name, prefix + old].first { folder.tensors[$0] != nil }
    }

    mutating func floats(_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float> {
        guard let found = fileName(name), let entry = folder.tensors[found] else {
            throw Failure.data(
                "tensor '\(prefix)\(name)' is missing", at: folder.path,
                remedy:
                    "config.json asks for \(configuration.layers) layers of width \(configuration.hidden); is it this model's?"
            )
        }
        guard entry.shape == shape else {
            throw Failure.data(
                "tensor '\(found)' has shape \(entry.shape), config.json asks for \(shape)", at: folder.path,
                remedy: "config.json and the weights must come from the same model")
        }
        if let mapped = folder.mappedFloats(found) {
            mappedBytes += mapped.count * MemoryLayout<Float>.stride
            // A tensor of no elements was refused by the shape check, so there is a first one.
            if let base = mapped.baseAddress { return base }
        }
        let copy = FloatBuffer(try folder.floats(found))
        copies.append(copy)
        copiedBytes += copy.count * MemoryLayout<Float>.stride
        return UnsafePointer(copy.base)
    }

    mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws -> Matrix {
        Matrix(frozen: try floats(name, [rows, columns]), rows, columns)
    }

    mutating func linear(at place: Place, _ output: Int, _ input: Int) throws -> LinearWeights {
        let name = module(place)
        return LinearWeights(
            weight: try matrix("\(name).weight", output, input), bias: try floats("\(name).bias", [output]))
    }

    mutating func norm(at place: Place) throws -> NormWeights {
        let name = module(place)
        return NormWeights(
            scale: try floats("\(name).weight", [configuration.hidden]),
            shift: try floats("\(name).bias", [configuration.hidden]))
    }

    mutating func layer(_ index: Int) throws -> LayerWeights {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        return LayerWeights(
            query: try linear(at: Place(index, .query), d, d),
            key: try linear(at: Place(index, .key), d, d),
            value: try linear(at: Place(index, .value), d, d),
            projection: try linear(at: Place(index, .projection), d, d),
            attentionNorm: try norm(at: Place(index, .attentionNorm)),
            intermediate: try linear(at: Place(index, .intermediate), f, d),
            output: try linear(at: Place(index, .output), d, f),
            outputNorm: try norm(at: Place(index, .outputNorm)))
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, by other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
