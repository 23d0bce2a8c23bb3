public import Foundation

/// A tensor to be written.
public struct NamedTensor: Sendable, Equatable {
    /// The numbers of a tensor, which also say how they are stored.
    public enum Values: Sendable, Equatable {
        /// Stored as F32.
        case float([Float])
        /// Stored as I64.
        case int64([Int64])
        /// Stored as F64.
        case double([Double])
    }

    /// Its name, unique in the file.
    public let name: String
    /// Its dimensions, the slowest first.
    public let shape: [Int]
    /// Its numbers, row-major.
    public let values: Values

    /// Makes a tensor whose shape has as many elements as there are values.
    public init(name: String, shape: [Int], values: Values) {
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
        case .float: .float32
        case .int64: .int64
        case .double: .float64
        }
    }

    var byteCount: Int { withBytes(\.count) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch values {
        case .float(let elements): elements.withUnsafeBytes(body)
        case .int64(let elements): elements.withUnsafeBytes(body)
        case .double(let elements): elements.withUnsafeBytes(body)
        }
    }
}

/// Writing safetensors files: equal tensors and notes give equal bytes, so that a file's hash names its content.
public enum Safetensors {
    /// The bytes of a file: wider elements first, then by name, so that every tensor is aligned to its width.
    public static func encode(_ tensors: [NamedTensor], metadata: [String: String] = [:]) -> Data {
        let ordered = tensors.sorted {
            $0.dtype.width == $1.dtype.width
                ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.dtype.width > $1.dtype.width
        }
        var header: [(String, JSONValue)] = []
        if !metadata.isEmpty {
            let notes = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            header.append((SafetensorsHeader.metadataKey, .object(notes.map { ($0.key, .string($0.value)) })))
        }
        var end = 0
        for tensor in ordered {
            let begin = end
            end += tensor.byteCount
            let entry: JSONValue = [
                "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map(JSONValue.integer)),
                "data_offsets": [.integer(begin), .integer(end)],
            ]
            header.append((tensor.name, entry))
        }
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors have one name")
        var json = Data(JSONValue.object(header).encoded().utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))

        var data = Data(capacity: 8 + json.count + end)
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(json)
        for tensor in ordered { tensor.withBytes { data.append(contentsOf: $0) } }
        return data
    }

    /// Writes a file atomically.
    public static func write(_ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String)
        throws
    {
        try AtomicFile.write(encode(tensors, metadata: metadata), to: path)
    }
}
