import Diagnostics
import Formats
package import Kernels
import Synchronization

/// The frozen tensors of a backbone, as views.
///
/// F32 tensors are used in the mapped file, so the processes of a node share one copy of them, and so are the
/// BF16 weights of layers that products in bfloat16 read. Other F16, BF16 and unaligned tensors are converted
/// into a ``WeightMemory``, which the processes of a node can share as well.
package final class EncoderWeights: @unchecked Sendable {
    package let configuration: EncoderConfiguration
    /// The arithmetic of the products that read the weights of layers.
    package let arithmetic: ProductArithmetic
    /// The folder that the weights came from.
    package let directory: String
    package let embeddings: EmbeddingTables<FrozenMatrix>
    /// The embeddings' LayerNorm.
    package let embeddingNorm: NormWeights
    /// W_E and b_E from the embeddings' width to that of the layers; nil if these are equal.
    package let embeddingProjection: LinearWeights?
    /// The layers, lowest first.
    package let layers: [LayerWeights]
    /// tanh(h_first W + b) of the pretrained pooler; nil if the backbone has none.
    package let pooler: LinearWeights?
    /// Bytes that are used in place, shared with other processes.
    package let mappedBytes: Int
    /// Bytes that were converted into memory shared with other processes.
    package let sharedBytes: Int
    /// Bytes that were converted into this process's own memory.
    package let copiedBytes: Int

    // Keep alive the memory that the views point into.
    private let folder: SafetensorsFolder?
    private let copies: [AnyObject]
    private let knownChecksum = Mutex<Int?>(nil)

    /// Maps the weights of a Hugging Face folder, and converts tensors that can't be used in place into
    /// `memory`.
    ///
    /// `arithmetic` is that of the products with the layers' weights. Names, shapes and types are all checked
    /// before memory is allocated.
    package init(
        directory: String, for arithmetic: ProductArithmetic = .float32,
        convertingInto memory: any WeightMemory = PrivateMemory(),
        families: [EncoderFamily] = EncoderFamily.all
    ) throws {
        let configuration = try EncoderConfiguration(directory: directory, families: families)
        let folder = try SafetensorsFolder(directory: directory)
        var resolver = try WeightResolver(folder, configuration, arithmetic)
        let hasPooler =
            configuration.family.tensors.pooler.map { resolver.has("\($0).weight") } ?? false
        let nowhere = FloatBuffer(0)
        _ = try TensorViews(configuration, hasPooler: hasPooler) { name, shape, form in
            try resolver.find(name, shape, as: form)
            return .float32(UnsafePointer(nowhere.base))
        }
        try resolver.requireNoMoreLayers()
        let checked = resolver
        try memory.once { try checked.checkMapped() }
        let filled = try memory.allocate(byteCount: resolver.bytesNeeded) { try resolver.convert(into: $0) }
        let views = try TensorViews(configuration, hasPooler: hasPooler) { name, _, _ in
            resolver.storage(name, filled.bytes)
        }
        embeddings = views.embeddings
        embeddingNorm = views.embeddingNorm
        embeddingProjection = views.embeddingProjection
        layers = views.layers
        self.pooler = views.pooler
        mappedBytes = resolver.mappedBytes
        sharedBytes = filled.isShared ? resolver.convertedBytes : 0
        copiedBytes = filled.isShared ? 0 : resolver.convertedBytes
        copies = [filled.owner]
        self.folder = folder
        self.configuration = configuration
        self.arithmetic = arithmetic
        self.directory = directory
    }

    /// A checksum of the files' bytes, which identifies the backbone; nil for a copy in memory.
    ///
    /// The first call reads every byte.
    package var checksum: Int? {
        knownChecksum.withLock { known in
            if known == nil { known = folder.map { Int($0.checksum()) } }
            return known
        }
    }

    /// Throws if the files were written to after they were mapped.
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
        func matrix(_ matrix: FrozenMatrix) -> FrozenMatrix {
            FrozenMatrix(vector(matrix.base, matrix.count), matrix.rows, matrix.columns)
        }
        func linear(_ linear: LinearWeights) -> LinearWeights {
            let (rows, columns) = (linear.weight.rows, linear.weight.columns)
            let weight = linear.weight.values.withUnsafeBufferPointer { values in
                values.baseAddress.map { vector($0, values.count) }
            }
            guard let weight else { preconditionFailure("a map without weights") }
            return LinearWeights(
                weight: FrozenWeight(.float32(weight), rows, columns), bias: vector(linear.bias, rows))
        }
        func norm(_ norm: NormWeights, _ site: Site) -> NormWeights {
            let width = other.configuration.width(ofNorm: site)
            return NormWeights(scale: vector(norm.scale, width), shift: vector(norm.shift, width))
        }
        configuration = other.configuration
        arithmetic = other.arithmetic
        directory = other.directory
        embeddings = EmbeddingTables(
            words: matrix(other.embeddings.words), positions: matrix(other.embeddings.positions),
            segments: other.embeddings.segments.map(matrix),
            distances: other.embeddings.distances.map(matrix))
        embeddingNorm = norm(other.embeddingNorm, .embeddingNorm)
        embeddingProjection = other.embeddingProjection.map(linear)
        layers = other.layers.map { layer in
            LayerWeights(
                query: linear(layer.query), key: linear(layer.key), value: linear(layer.value),
                projection: linear(layer.projection),
                attentionNorm: norm(layer.attentionNorm, .attentionNorm),
                intermediate: linear(layer.intermediate), output: linear(layer.output),
                outputNorm: norm(layer.outputNorm, .outputNorm))
        }
        pooler = other.pooler.map(linear)
        mappedBytes = 0
        sharedBytes = 0
        copiedBytes = buffers.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
        copies = buffers
        folder = nil
    }
}
