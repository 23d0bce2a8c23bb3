import Encoders
import Kernels

/// A frozen tensor of a backbone; keeps the backbone alive.
package struct FrozenValues: @unchecked Sendable, Equatable {
    // Frozen memory is never written, so it may be read from any thread.
    private let backbone: EncoderWeights
    private let tensor: FrozenWeight
    var count: Int { tensor.count }

    init(_ tensor: FrozenWeight, of backbone: EncoderWeights) {
        self.backbone = backbone
        self.tensor = tensor
    }

    init(_ base: UnsafePointer<Float>, _ count: Int, of backbone: EncoderWeights) {
        self.init(FrozenWeight(.float32(base), 1, count), of: backbone)
    }

    var values: [Float] { tensor.values }

    /// Whether both hold the same values.
    package static func == (left: FrozenValues, right: FrozenValues) -> Bool {
        left.count == right.count
            && (left.tensor.isSameMemory(as: right.tensor) || left.values == right.values)
    }
}
