import Diagnostics

/// Named tensors in one safetensors file or several, to be used in place or copied.
package protocol TensorSource: Sendable {
    /// The file or folder, as failures name it.
    var path: String { get }
    /// Ranges are relative to the file that holds the tensor.
    var tensors: [String: TensorEntry] { get }
    /// The file that holds a tensor; nil if there is no such tensor.
    func file(holding name: String) -> SafetensorsFile?
}

extension TensorSource {
    /// Sorted.
    package var names: [String] { tensors.keys.sorted() }

    /// The tensor's entry.
    ///
    /// The failure for a missing tensor suggests the nearest name.
    package func entry(_ name: String) throws -> TensorEntry { try located(name).entry }

    /// The tensor's first byte, at any alignment; valid while this object lives.
    package func pointer(_ name: String) throws -> UnsafeRawPointer {
        let (file, entry) = try located(name)
        // A base address exists, because a file with tensors has a header.
        guard let bytes = file.bytes(of: entry).baseAddress else {
            throw Failure.data("is empty", at: file.path)
        }
        return bytes
    }

    /// The tensor's values in the mapped file; nil unless they are F32 and 4-byte aligned.
    ///
    /// Valid while this object lives. As a fallback, ``floats(_:)`` copies and converts.
    package func mappedFloats(_ name: String) -> UnsafeBufferPointer<Float>? { mapped(name, as: .float32) }

    /// The tensor's bits in the mapped file, the high halves of floats; nil unless they are BF16 and 2-byte
    /// aligned.
    ///
    /// Valid while this object lives.
    package func mappedBFloat16(_ name: String) -> UnsafeBufferPointer<UInt16>? {
        mapped(name, as: .bfloat16)
    }

    private func mapped<Element: BitwiseCopyable>(
        _ name: String, as type: DataType
    ) -> UnsafeBufferPointer<Element>? {
        guard let file = file(holding: name), let entry = tensors[name], entry.dtype == type else {
            return nil
        }
        let bytes = file.bytes(of: entry)
        guard let start = bytes.baseAddress,
            UInt(bitPattern: start) % UInt(MemoryLayout<Element>.alignment) == 0
        else { return nil }
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: Element.self), count: entry.count)
    }

    /// Throws unless the tensor is F32, F16 or BF16, which convert to `Float` exactly.
    package func checkFloats(_ name: String) throws {
        let (file, entry) = try located(name)
        guard [.float32, .float16, .bfloat16].contains(entry.dtype) else {
            throw unexpected(entry, name, in: file, expected: "F32, F16 or BF16")
        }
    }

    /// A copy of an F32, F16 or BF16 tensor, converted exactly.
    package func floats(_ name: String) throws -> [Float] {
        let entry = try entry(name)
        return try [Float](unsafeUninitializedCapacity: entry.count) { buffer, count in
            try copyFloats(name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<entry.count]))
            count = entry.count
        }
    }

    /// Copies an F32, F16 or BF16 tensor, converted exactly, to a buffer of the same count.
    package func copyFloats(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try checkFloats(name)
        let (file, entry) = try located(name)
        precondition(destination.count == entry.count, "wrong buffer size for tensor '\(name)'")
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes(of: entry)
        switch entry.dtype {
        case .float16: HalfPrecision.widenFloat16(bytes, into: destination)
        case .bfloat16: HalfPrecision.widenBFloat16(bytes, into: destination)
        default: UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
        }
    }

    /// A copy of an I64 tensor.
    package func int64s(_ name: String) throws -> [Int64] { try copy(name, of: .int64) }

    /// A copy of an F64 tensor.
    package func doubles(_ name: String) throws -> [Double] { try copy(name, of: .float64) }

    private func copy<Element: BitwiseCopyable>(_ name: String, of dtype: DataType) throws -> [Element] {
        let (file, entry) = try located(name)
        guard entry.dtype == dtype else { throw unexpected(entry, name, in: file, expected: dtype.rawValue) }
        return [Element](unsafeUninitializedCapacity: entry.count) { buffer, count in
            defer { withExtendedLifetime(file) {} }
            UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(buffer)[..<entry.range.count]
            )
            .copyMemory(from: file.bytes(of: entry))
            count = entry.count
        }
    }

    private func located(_ name: String) throws -> (file: SafetensorsFile, entry: TensorEntry) {
        guard let file = file(holding: name), let entry = tensors[name] else {
            throw Failure.data(
                "has no tensor '\(name)'", at: path,
                remedy: nearestName(to: name, among: tensors.keys).map { "did you mean '\($0)'?" })
        }
        return (file, entry)
    }

    private func unexpected(
        _ entry: TensorEntry, _ name: String, in file: SafetensorsFile, expected: String
    ) -> Failure {
        .data("found \(entry.dtype.rawValue), expected \(expected)", at: "\(file.path): tensor '\(name)'")
    }
}
