import Diagnostics

/// Named tensors on disk, in one file or in several: look one up, use it in place or copy it.
public protocol TensorCatalogue: Sendable {
    /// The file or folder, as failures name it.
    var path: String { get }
    /// Every tensor by name. Ranges count from the start of the file that holds the tensor.
    var tensors: [String: TensorEntry] { get }
    /// The file that holds a tensor; nil where there is no such tensor.
    func file(holding name: String) -> SafetensorsFile?
}

extension TensorCatalogue {
    /// Every tensor's name, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// The tensor's entry; a tensor that isn't there is a failure which names the nearest one that is.
    public func entry(_ name: String) throws -> TensorEntry { try located(name).entry }

    /// The tensor's first byte, valid while this object lives, at any alignment.
    public func pointer(_ name: String) throws -> UnsafeRawPointer {
        let (file, entry) = try located(name)
        // The file holds at least its header, so that it has a first byte.
        guard let bytes = file.bytes(of: entry).baseAddress else {
            throw Failure.data("is empty", at: file.path)
        }
        return bytes
    }

    /// The tensor's numbers where they lie in the mapped file; nil unless they are F32 and 4-byte aligned.
    ///
    /// Valid while this object lives. Fall back to ``floats(_:)``, which copies and converts.
    public func mappedFloats(_ name: String) -> UnsafeBufferPointer<Float>? {
        guard let file = file(holding: name), let entry = tensors[name], entry.dtype == .float32 else {
            return nil
        }
        let bytes = file.bytes(of: entry)
        guard let start = bytes.baseAddress, UInt(bitPattern: start) % 4 == 0 else { return nil }
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: entry.count)
    }

    /// A copy of the tensor as `Float`s, converted exactly from F32, F16 or BF16.
    public func floats(_ name: String) throws -> [Float] {
        let (file, entry) = try located(name)
        let bytes = file.bytes(of: entry)
        guard [.float32, .float16, .bfloat16].contains(entry.dtype) else {
            throw unexpected(entry, name, in: file, expected: "F32, F16 or BF16")
        }
        return [Float](unsafeUninitializedCapacity: entry.count) { buffer, count in
            defer { withExtendedLifetime(file) {} }
            let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<entry.count])
            switch entry.dtype {
            case .float16: HalfPrecision.widenFloat16(bytes, into: whole)
            case .bfloat16: HalfPrecision.widenBFloat16(bytes, into: whole)
            default: UnsafeMutableRawBufferPointer(whole).copyMemory(from: bytes)
            }
            count = entry.count
        }
    }

    /// A copy of an I64 tensor.
    public func int64s(_ name: String) throws -> [Int64] { try copy(name, of: .int64) }

    /// A copy of an F64 tensor.
    public func doubles(_ name: String) throws -> [Double] { try copy(name, of: .float64) }

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
