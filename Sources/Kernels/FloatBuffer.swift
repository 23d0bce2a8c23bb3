#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Floats on the heap, 64-byte aligned, zero at start: the one owner of memory in the numeric parts.
///
/// Everything else is a view. A buffer is `Sendable` because ranks that are threads share frozen
/// weights; whoever writes to a buffer must be its only user.
package final class FloatBuffer: @unchecked Sendable {
    /// The first float.
    package let base: UnsafeMutablePointer<Float>
    /// How many floats there are.
    package let count: Int

    /// Bytes of a large page, where the processor has such.
    private static let largePage = 2 << 20
    /// The mapping behind a large buffer; nil for one on the heap.
    private let mapping: UnsafeMutableRawBufferPointer?

    /// Allocates `count` zeros.
    package init(_ count: Int) {
        let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
        mapping = bytes >= 2 * Self.largePage ? Self.mapped(bytes + Self.largePage) : nil
        let raw: UnsafeMutableRawPointer
        if let start = mapping?.baseAddress {
            raw = start.alignedUp(toMultipleOf: Self.largePage)
            #if os(Linux)
                // Passes over much memory otherwise wait for the tables of its pages; a system may not listen.
                madvise(raw, bytes / Self.largePage * Self.largePage, MADV_HUGEPAGE)
            #endif
        } else {
            raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            memset(raw, 0, bytes)
        }
        self.count = count
        base = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    }

    /// Pages that are zeros, and take memory only when they are first written to; nil where there are none.
    private static func mapped(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
            return nil
        }
        return UnsafeMutableRawBufferPointer(start: start, count: bytes)
    }

    /// Allocates a copy of the values.
    package convenience init(_ values: [Float]) {
        self.init(values.count)
        for (index, value) in values.enumerated() { base[index] = value }
    }

    deinit {
        if let mapping {
            munmap(mapping.baseAddress, mapping.count)
        } else {
            UnsafeMutableRawPointer(base).deallocate()
        }
    }

    /// The buffer seen as a matrix, row after row.
    package func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        precondition(rows * columns <= count, "a \(rows)×\(columns) view needs more than \(count) floats")
        return Matrix(base, rows, columns)
    }

    /// A copy of the values.
    package var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
