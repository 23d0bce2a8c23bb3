import Diagnostics

/// The header of a safetensors file, validated against the file's length.
///
/// The file is a little-endian 64-bit length N, N bytes of JSON, and the tensors' bytes, which must fill the
/// rest of the file without gaps or overlaps.
struct SafetensorsHeader {
    var tensors: [String: TensorEntry] = [:]
    var metadata: [String: String] = [:]

    static let metadataKey = "__metadata__"
    private static let copyAgain = "the file is damaged or cut short; copy or download it again"

    init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        guard bytes.count >= 8 else {
            throw Failure.data(
                "found \(bytes.count) bytes, too few for a safetensors file", at: path, remedy: Self.copyAgain
            )
        }
        if bytes.starts(with: "version https://git-lfs".utf8) {
            throw Failure.data(
                "found a Git LFS pointer instead of the file", at: path, remedy: "run git lfs pull")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(bytes.count - 8) else {
            throw Failure.data(
                "the header's length is \(length) bytes, but only \(bytes.count - 8) follow", at: path,
                remedy: Self.copyAgain)
        }
        let start = 8 + Int(length)
        let json = try JSONValue(
            parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<start]), at: "\(path) (header)")
        guard let members = json.object else {
            throw Failure.data("the header is not a JSON object", at: path, remedy: Self.copyAgain)
        }
        for (name, value) in members {
            if name == Self.metadataKey {
                metadata = try Self.metadata(value, path: path)
                continue
            }
            let entry = try Self.entry(value, dataRange: start..<bytes.count, at: "\(path): tensor '\(name)'")
            // Distinct JSON keys are equal Swift strings if they differ only in the composition of an accent.
            guard tensors.updateValue(entry, forKey: name) == nil else {
                throw Failure.data("appears twice", at: "\(path): tensor '\(name)'")
            }
        }
        try checkCoverage(of: start..<bytes.count, path: path)
    }

    private static func metadata(_ value: JSONValue, path: String) throws -> [String: String] {
        guard let members = value.object else {
            throw Failure.data("expected an object of strings", at: "\(path): \(metadataKey)")
        }
        var metadata: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.string else {
                throw Failure.data("expected a string under '\(key)'", at: "\(path): \(metadataKey)")
            }
            metadata[key] = text
        }
        return metadata
    }

    /// Parses a tensor's entry; `dataRange` is the part of the file after the header.
    private static func entry(_ value: JSONValue, dataRange: Range<Int>, at location: String) throws
        -> TensorEntry
    {
        guard let name = value["dtype"]?.string else { throw Failure.data("has no dtype", at: location) }
        guard let dtype = DataType(rawValue: name) else {
            throw Failure.data(
                "unknown dtype '\(name)'", at: location,
                remedy: "known: \(DataType.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let shape = sizes(value["shape"]) else {
            throw Failure.data("expected a shape of non-negative integers", at: location)
        }
        guard let offsets = sizes(value["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
            throw Failure.data("expected data_offsets [begin, end]", at: location)
        }
        guard offsets[1] <= dataRange.count else {
            throw Failure.data(
                "its bytes end at \(offsets[1]), but the file has \(dataRange.count) after the header",
                at: location,
                remedy: copyAgain)
        }
        var needed = dtype.width
        for size in shape {
            let (product, overflows) = needed.multipliedReportingOverflow(by: size)
            guard !overflows else { throw Failure.data("shape \(shape) is too large", at: location) }
            needed = product
        }
        guard needed == offsets[1] - offsets[0] else {
            throw Failure.data(
                "shape \(shape) of \(name) takes \(needed) bytes, but data_offsets span "
                    + "\(offsets[1] - offsets[0])",
                at: location)
        }
        let begin = dataRange.lowerBound + offsets[0]
        return TensorEntry(dtype: dtype, shape: shape, range: begin..<begin + needed)
    }

    private static func sizes(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.array else { return nil }
        let sizes = elements.compactMap { if case .integer(let size) = $0, size >= 0 { size } else { nil } }
        return sizes.count == elements.count ? sizes : nil
    }

    private func checkCoverage(of data: Range<Int>, path: String) throws {
        var end = data.lowerBound
        let inOrder = tensors.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
                < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        for (name, entry) in inOrder {
            guard entry.range.lowerBound == end else {
                let found =
                    entry.range.lowerBound < end
                    ? "its bytes overlap another tensor's" : "a gap precedes its bytes"
                throw Failure.data(found, at: "\(path): tensor '\(name)'", remedy: Self.copyAgain)
            }
            end = entry.range.upperBound
        }
        guard end == data.upperBound else {
            throw Failure.data(
                "\(data.upperBound - end) bytes belong to no tensor", at: path, remedy: Self.copyAgain)
        }
    }
}
