import Diagnostics
import Kernels

/// The tensors of a tiny attention in one layer; query, key and value are contiguous and used as one.
struct TinyAttentionTensors {
    /// The input norm.
    let norm: BoundNorm?
    /// W_Q, W_K, W_V [3·M·D, d].
    let projections: FrozenMatrix
    let projectionGradient: Matrix?
    /// b_Q, b_K, b_V [3·M·D].
    let projectionBias: UnsafePointer<Float>?
    let projectionBiasGradient: UnsafeMutablePointer<Float>?
    /// W_O [d, M·D].
    let output: BoundTensor
    /// b_O [d].
    let outputBias: BoundTensor?

    /// The parts of the names, in the order of their slices.
    static let projections = ["query", "key", "value"]
    static let output = "output"

    static func name(_ layer: Int, _ part: String) -> TensorName {
        TensorName(TinyAttention.name, layer: layer, part)
    }

    /// The tensors of each layer that has them.
    static func byLayer(_ parameters: BoundParameters, in layers: LayerSet) -> [Int: TinyAttentionTensors] {
        let outputs = parameters.byLayer(TensorName(TinyAttention.name, "\(output).weight"), in: layers)
        var found: [Int: TinyAttentionTensors] = [:]
        for layer in outputs.keys { found[layer] = TinyAttentionTensors(parameters, layer: layer) }
        return found
    }

    private init?(_ parameters: BoundParameters, layer: Int) {
        func tensor(_ part: String) -> BoundTensor? { parameters[Self.name(layer, part)] }
        func joined(_ part: String) -> BoundTensor? {
            let parts = Self.projections.compactMap { tensor("\($0).\(part)") }
            guard let first = parts.first, parts.count == 3 else { return nil }
            precondition(
                parts.indices.allSatisfy { parts[$0].value == first.value + $0 * first.count },
                "query, key and value are not contiguous")
            return BoundTensor(
                value: first.value, gradient: first.gradient,
                shape: [3 * first.shape[0]] + first.shape.dropFirst())
        }
        guard let weight = joined("weight"), let output = tensor("\(Self.output).weight") else { return nil }
        let bias = joined("bias")
        norm = BoundNorm(tensor)
        projections = weight.matrix
        projectionGradient = weight.gradientMatrix
        projectionBias = bias?.value
        projectionBiasGradient = bias?.gradient
        self.output = output
        outputBias = tensor("\(Self.output).bias")
    }
}
