package import Foundation

/// A tensor to be written.
package struct NamedTensor: Sendable, Equatable {
    /// The numbers of a tensor, which also say how they are stored.
    package enum Values: Sendable, Equatable {
        /// Stored as F32.
        case float([Float])
        /// Stored as I64.
        case int64([Int64])
        /// Stored as F64.
        case double([Double])
        /// Stored as F32: numbers that lie elsewhere, piece after piece.
        case borrowed([BorrowedFloats])
    }

    /// Numbers in memory of somebody who keeps them there, unchanged, while a tensor names them.
    package struct BorrowedFloats: @unchecked Sendable, Equatable {
        let bytes: UnsafeRawBufferPointer

        /// Names the memory.
        package init(_ floats: UnsafeBufferPointer<Float>) { bytes = UnsafeRawBufferPointer(floats) }

        package static func == (left: Self, right: Self) -> Bool { left.bytes.elementsEqual(right.bytes) }
    }

    /// Its name, unique in the file.
    package let name: String
    /// Its dimensions, the slowest first.
    package let shape: [Int]
    /// Its numbers, row-major.
    package let values: Values

    /// Makes a tensor whose shape has as many elements as there are values.
    package init(name: String, shape: [Int], values: Values) {
        precondition(name != SafetensorsHeader.metadataKey)
        self.name = name
        self.shape = shape
        self.values = values
        precondition(
            shape.reduce(1, *) == byteCount / dtype.width,
            "tensor '\(name)': shape \(shape) and values differ")
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

    /// The numbers' bytes, in one piece or several.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        switch values {
        case .float(let elements): try elements.withUnsafeBytes(body)
        case .int64(let elements): try elements.withUnsafeBytes(body)
        case .double(let elements): try elements.withUnsafeBytes(body)
        case .borrowed(let pieces): for piece in pieces { try body(piece.bytes) }
        }
    }
}

/// Writing safetensors files: equal tensors and notes give equal bytes, so that a file's hash names its content.
package enum Safetensors {
    /// The bytes of a file.
    package static func encode(_ tensors: [NamedTensor], metadata: [String: String] = [:]) -> Data {
        let (header, ordered) = layout(tensors, metadata)
        var data = Data(capacity: header.count + ordered.reduce(0) { $0 + $1.byteCount })
        data.append(header)
        for tensor in ordered { tensor.forEachPiece { data.append(contentsOf: $0) } }
        return data
    }

    /// Writes a file atomically, without a second copy of it in memory.
    package static func write(_ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String)
        throws
    {
        let (header, ordered) = layout(tensors, metadata)
        try AtomicFile.write(to: path) { append in
            try header.withUnsafeBytes(append)
            for tensor in ordered { try tensor.forEachPiece(append) }
        }
    }

    /// What stands before the tensors, and their order: wider elements first, then by name, so that every tensor is aligned
    /// to its width.
    private static func layout(_ tensors: [NamedTensor], _ metadata: [String: String]) -> (
        header: Data, ordered: [NamedTensor]
    ) {
        let ordered = tensors.sorted {
            $0.dtype.width == $1.dtype.width
                ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.dtype.width > $1.dtype.width
        }
        var entries: [(String, JSONValue)] = []
        if !metadata.isEmpty {
            let notes = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            entries.append(
                (SafetensorsHeader.metadataKey, .object(notes.map { ($0.key, .string($0.value)) })))
        }
        var end = 0
        for tensor in ordered {
            let begin = end
            end += tensor.byteCount
            let entry: JSONValue = [
                "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map(JSONValue.integer)),
                "data_offsets": [.integer(begin), .integer(end)],
            ]
            entries.append((tensor.name, entry))
        }
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors have one name")
        var json = Data(JSONValue.object(entries).encoded().utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))

        return (withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json, ordered)
    }
}
