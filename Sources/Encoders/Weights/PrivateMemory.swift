import Kernels

/// Memory of this process's heap.
package struct PrivateMemory: WeightMemory {
    package init() {}

    package func allocate(
        byteCount: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory {
        let stride = MemoryLayout<Float>.stride
        let buffer = FloatBuffer((byteCount + stride - 1) / stride)
        let bytes = UnsafeMutableRawBufferPointer(start: buffer.base, count: byteCount)
        try fill(bytes)
        return FilledMemory(UnsafeRawBufferPointer(bytes), owner: buffer, isShared: false)
    }

    package func allocateIfAvailable(
        byteCount: Int, layout: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory? {
        try allocate(byteCount: byteCount, filledBy: fill)
    }

    package func once(_ body: () throws -> Void) throws { try body() }
}
