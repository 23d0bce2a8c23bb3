/// A tensor to be written to a safetensors file.
package struct NamedTensor: Sendable, Equatable {
    package enum Values: Sendable, Equatable {
        case float([Float])
        case int64([Int64])
        case double([Double])
        /// Pieces of one F32 tensor in memory that the caller owns.
        case borrowed([BorrowedFloats])
    }

    /// Memory that the caller must keep, unchanged, as long as the tensor exists.
    package struct BorrowedFloats: @unchecked Sendable, Equatable {
        let bytes: UnsafeRawBufferPointer

        package init(_ floats: UnsafeBufferPointer<Float>) { bytes = UnsafeRawBufferPointer(floats) }

        package static func == (left: Self, right: Self) -> Bool { left.bytes.elementsEqual(right.bytes) }
    }

    /// Unique in the file.
    package let name: String
    package let shape: [Int]
    /// Row-major.
    package let values: Values

    package init(name: String, shape: [Int], values: Values) {
        precondition(name != SafetensorsHeader.metadataKey)
        self.name = name
        self.shape = shape
        self.values = values
        precondition(
            shape.reduce(1, *) == byteCount / dtype.width,
            "tensor '\(name)': shape \(shape) and values differ")
    }

    /// A vector.
    package init(_ name: String, _ values: [Float]) {
        self.init(name: name, shape: [values.count], values: .float(values))
    }

    /// A vector.
    package init(_ name: String, _ values: [Int64]) {
        self.init(name: name, shape: [values.count], values: .int64(values))
    }

    /// A vector.
    package init(_ name: String, _ values: [Double]) {
        self.init(name: name, shape: [values.count], values: .double(values))
    }

    var dtype: DataType {
        switch values {
        case .float, .borrowed: .float32
        case .int64: .int64
        case .double: .float64
        }
    }

    var byteCount: Int {
        var count = 0
        forEachPiece { count += $0.count }
        return count
    }

    package func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        switch values {
        case .float(let elements): try elements.withUnsafeBytes(body)
        case .int64(let elements): try elements.withUnsafeBytes(body)
        case .double(let elements): try elements.withUnsafeBytes(body)
        case .borrowed(let pieces): for piece in pieces { try body(piece.bytes) }
        }
    }
}
