package import Foundation

/// Writes safetensors files.
///
/// Equal tensors and metadata give equal bytes, so a file's hash identifies its content.
package enum Safetensors {
    /// The bytes of a file.
    package static func encode(_ tensors: [NamedTensor], metadata: [String: String] = [:]) -> Data {
        let (header, ordered) = layout(tensors, metadata)
        var data = Data(capacity: header.count + ordered.reduce(0) { $0 + $1.byteCount })
        data.append(header)
        for tensor in ordered { tensor.forEachPiece { data.append(contentsOf: $0) } }
        return data
    }

    /// Writes a file atomically, without encoding it in memory first.
    package static func write(_ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String)
        throws
    {
        let (header, ordered) = layout(tensors, metadata)
        try AtomicFile.write(to: path) { append in
            try header.withUnsafeBytes(append)
            for tensor in ordered { try tensor.forEachPiece(append) }
        }
    }

    /// The header and the order of the tensors: by decreasing element width, then by name, so that every
    /// tensor is aligned to its width.
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
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors have the same name")
        var json = Data(JSONValue.object(entries).encoded().utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))

        return (withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json, ordered)
    }
}
