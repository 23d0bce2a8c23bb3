import Encoders

/// A frozen tensor of a backbone; keeps the backbone alive.
package struct FrozenValues: @unchecked Sendable, Equatable {
    // Frozen memory is never written, so it may be read from any thread.
    private let backbone: EncoderWeights
    private let base: UnsafePointer<Float>
    let count: Int

    init(_ base: UnsafePointer<Float>, _ count: Int, of backbone: EncoderWeights) {
        self.backbone = backbone
        self.base = base
        self.count = count
    }

    var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

    /// Whether both are the same memory or hold the same values.
    package static func == (left: FrozenValues, right: FrozenValues) -> Bool {
        left.count == right.count
            && (left.base == right.base || left.values.elementsEqual(right.values))
    }
}
