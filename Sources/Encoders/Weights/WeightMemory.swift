import Kernels

/// Allocates memory for converted and for prepacked weights.
///
/// An implementation may share memory among the ranks of a node.
package protocol WeightMemory {
    /// Allocates memory and fills it, once for all processes that share it.
    ///
    /// ``EncoderWeights/init(directory:for:convertingInto:families:)`` calls it exactly once, for 0 bytes
    /// too, so it may be a collective. If `fill` throws, every process throws that error.
    func allocate(
        byteCount: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory

    /// Like ``allocate(byteCount:filledBy:)``, for optional data: nil if the node has no room for it.
    ///
    /// Processes share data of the same `PackedMatrix.layout` only.
    func allocateIfAvailable(
        byteCount: Int, layout: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> FilledMemory?

    /// Runs `body`, such as a check of a file's every byte, once for all processes that share memory.
    ///
    /// If it throws, every process throws that error.
    func once(_ body: () throws -> Void) throws
}

/// Memory that is not written again.
package struct FilledMemory {
    /// The contents; the first byte is 64-byte aligned.
    package let bytes: UnsafeRawBufferPointer
    /// True if other processes read the same pages.
    package let isShared: Bool
    /// Keeps the memory allocated.
    let owner: AnyObject

    /// Memory that is valid while `owner` lives.
    package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject, isShared: Bool) {
        self.bytes = bytes
        self.isShared = isShared
        self.owner = owner
    }
}

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
