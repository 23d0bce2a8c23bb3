#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Floats on the heap, 64-byte aligned and initially zero.
///
/// It owns its memory; matrices are views. A buffer is `Sendable` because ranks that are threads share frozen
/// weights; whoever writes to a buffer must be its only user.
package final class FloatBuffer: @unchecked Sendable {
    package let base: UnsafeMutablePointer<Float>
    package let count: Int

    /// Bytes of a huge page.
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
                // Huge pages avoid TLB misses on large buffers. The kernel may ignore the hint.
                madvise(raw, bytes / Self.largePage * Self.largePage, MADV_HUGEPAGE)
            #endif
        } else {
            raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            memset(raw, 0, bytes)
        }
        self.count = count
        base = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    }

    /// Zeroed pages, which take memory when they are first written; nil if the system refuses.
    private static func mapped(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
            return nil
        }
        return UnsafeMutableRawBufferPointer(start: start, count: bytes)
    }

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

    /// A view of the buffer as a packed matrix.
    package func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        precondition(rows * columns <= count, "a \(rows)×\(columns) view needs more than \(count) floats")
        return Matrix(base, rows, columns)
    }

    /// A copy of the values.
    package var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
