import Diagnostics
import Formats
package import Kernels
import Synchronization

/// A frozen linear map y = x Wᵀ + b.
package struct LinearWeights {
    /// W [out, in].
    package let weight: Matrix
    /// b [out].
    package let bias: UnsafePointer<Float>
}

/// A frozen LayerNorm.
package struct NormWeights {
    /// γ [d].
    package let scale: UnsafePointer<Float>
    /// β [d].
    package let shift: UnsafePointer<Float>
}

/// The frozen tensors of one layer.
package struct LayerWeights {
    /// x W_Q + b_Q.
    package let query: LinearWeights
    /// x W_K + b_K.
    package let key: LinearWeights
    /// x W_V + b_V.
    package let value: LinearWeights
    /// a W_O + b_O.
    package let projection: LinearWeights
    /// LN1.
    package let attentionNorm: NormWeights
    /// h1 W_1 + b_1.
    package let intermediate: LinearWeights
    /// u W_2 + b_2.
    package let output: LinearWeights
    /// LN2.
    package let outputNorm: NormWeights
}

/// The frozen tensors of a backbone, as views.
///
/// F32 tensors are used where the file is mapped, so every process of a node shares one copy of them. F16 and
/// BF16 tensors, and F32 ones that are not aligned, are converted into a ``WeightMemory``, which the processes of
/// a node can share as well.
package final class EncoderWeights: @unchecked Sendable {
    /// The backbone's shape.
    package let configuration: EncoderConfiguration
    /// The folder that the weights came from.
    package let directory: String
    /// Word embeddings [vocabulary, d].
    package let words: Matrix
    /// Position embeddings [positions, d].
    package let positions: Matrix
    /// Segment embeddings [segments, d].
    package let segments: Matrix
    /// The embeddings' LayerNorm.
    package let embeddingNorm: NormWeights
    /// The layers, lowest first.
    package let layers: [LayerWeights]
    /// tanh(h_first W + b) of the pretrained pooler, where the backbone has one.
    package let pooler: LinearWeights?
    /// Bytes that are used in place, shared with other processes.
    package let mappedBytes: Int
    /// Bytes that had to be converted, and are shared with other processes.
    package let sharedBytes: Int
    /// Bytes that had to be converted to a copy of this process's own.
    package let copiedBytes: Int

    // What the views point into.
    private let folder: SafetensorsFolder?
    private let copies: [AnyObject]
    private let knownChecksum = Mutex<Int?>(nil)

    /// Maps the weights of a Hugging Face folder, and converts what can't be used in place into a memory.
    ///
    /// All that can be wrong with names, shapes and types is found before the memory is asked for.
    package init(directory: String, convertingInto memory: any WeightMemory = PrivateMemory()) throws {
        let configuration = try EncoderConfiguration(directory: directory)
        let folder = try SafetensorsFolder(directory: directory)
        var survey = try TensorSurvey(folder, configuration)
        let hasPooler = survey.has("\(BertNames.pooler).weight")
        let nowhere = FloatBuffer(0)
        _ = try TensorViews(configuration, hasPooler: hasPooler) { name, shape in
            try survey.find(name, shape)
            return UnsafePointer(nowhere.base)
        }
        try survey.requireNoMoreLayers()
        let checked = survey
        try memory.once { try checked.checkMapped() }
        let filled = try memory.filled(byteCount: survey.bytesNeeded) { try survey.convert(into: $0) }
        let views = try TensorViews(configuration, hasPooler: hasPooler) { name, _ in
            survey.floats(name, filled.bytes)
        }
        words = views.words
        positions = views.positions
        segments = views.segments
        embeddingNorm = views.embeddingNorm
        layers = views.layers
        pooler = views.pooler
        mappedBytes = survey.mappedBytes
        sharedBytes = filled.isShared ? survey.convertedBytes : 0
        copiedBytes = filled.isShared ? 0 : survey.convertedBytes
        copies = [filled.owner]
        self.folder = folder
        self.configuration = configuration
        self.directory = directory
    }

    /// A number that changes with the bytes of the files; nil for a copy in memory, which has none.
    ///
    /// It says which backbone a run or an adapter belongs to. All bytes are read when it is first asked for.
    package var checksum: Int? {
        knownChecksum.withLock { known in
            if known == nil { known = folder.map { Int($0.checksum()) } }
            return known
        }
    }

    /// Refuses files that were written to since they were mapped, and with them the weights in use.
    package func checkUnchanged() throws { try folder?.checkUnchanged() }

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
        sharedBytes = 0
        copiedBytes = buffers.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
        copies = buffers
        folder = nil
    }
}

/// The tensors of a backbone as views, wherever each of them lies.
private struct TensorViews {
    let words: Matrix
    let positions: Matrix
    let segments: Matrix
    let embeddingNorm: NormWeights
    let layers: [LayerWeights]
    let pooler: LinearWeights?

    /// Asks for every tensor by its name, without a prefix, and its shape.
    init(
        _ configuration: EncoderConfiguration, hasPooler: Bool,
        _ floats: (_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float>
    ) throws {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        func module(_ place: Place) -> String {
            guard let module = BertNames.module(at: place) else {
                preconditionFailure("\(place.site) is no module of the backbone's")
            }
            return module
        }
        func matrix(_ name: String, _ rows: Int, _ columns: Int) throws -> Matrix {
            Matrix(frozen: try floats(name, [rows, columns]), rows, columns)
        }
        func linear(_ place: Place, _ output: Int, _ input: Int) throws -> LinearWeights {
            let name = module(place)
            return LinearWeights(
                weight: try matrix("\(name).weight", output, input),
                bias: try floats("\(name).bias", [output]))
        }
        func norm(_ place: Place) throws -> NormWeights {
            let name = module(place)
            return NormWeights(
                scale: try floats("\(name).weight", [d]), shift: try floats("\(name).bias", [d]))
        }
        words = try matrix(BertNames.words, configuration.vocabulary, d)
        positions = try matrix(BertNames.positions, configuration.positions, d)
        segments = try matrix(BertNames.segments, configuration.segments, d)
        embeddingNorm = try norm(Place(Place.belowLayers, .embeddingNorm))
        // One by one: memory is asked for only as layers are found, however many config.json claims.
        var layers: [LayerWeights] = []
        for layer in 0..<configuration.layers {
            layers.append(
                LayerWeights(
                    query: try linear(Place(layer, .query), d, d),
                    key: try linear(Place(layer, .key), d, d),
                    value: try linear(Place(layer, .value), d, d),
                    projection: try linear(Place(layer, .projection), d, d),
                    attentionNorm: try norm(Place(layer, .attentionNorm)),
                    intermediate: try linear(Place(layer, .intermediate), f, d),
                    output: try linear(Place(layer, .output), d, f),
                    outputNorm: try norm(Place(layer, .outputNorm))))
        }
        self.layers = layers
        pooler = hasPooler ? try linear(Place(configuration.layers, .pooler), d, d) : nil
    }
}
