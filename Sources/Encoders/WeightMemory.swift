import Kernels

/// Memory for frozen tensors that can't be used where their file is mapped, and for what makes them faster to use.
///
/// The encoder knows no ranks. Whoever does can give memory that the ranks of a host share.
package protocol WeightMemory {
    /// Makes memory and has it filled, once for all processes that share it.
    ///
    /// ``EncoderWeights/init(directory:convertingInto:)`` calls it once, also for no bytes, so that it may be a
    /// collective. Where `fill` fails, every process throws that failure.
    func filled(byteCount: Int, by fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
        -> FilledMemory

    /// The same for what can be done without: nil where one memory for all processes would be too much.
    func spared(byteCount: Int, by fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
        -> FilledMemory?

    /// Does something once for all processes that share memory, such as looking at a file's every byte.
    ///
    /// Where it fails, every process throws that failure.
    func once(_ body: () throws -> Void) throws
}

/// Memory that nobody writes to any more.
package struct FilledMemory {
    /// What it was filled with; the first byte is 64-byte aligned.
    package let bytes: UnsafeRawBufferPointer
    /// Whether other processes read the same pages.
    package let isShared: Bool
    /// What keeps it there.
    let owner: AnyObject

    /// Memory that is valid while `owner` lives.
    package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject, isShared: Bool) {
        self.bytes = bytes
        self.isShared = isShared
        self.owner = owner
    }
}

/// This process's own memory.
package struct PrivateMemory: WeightMemory {
    /// Memory of the heap.
    package init() {}

    package func filled(byteCount: Int, by fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
        -> FilledMemory
    {
        let stride = MemoryLayout<Float>.stride
        let buffer = FloatBuffer((byteCount + stride - 1) / stride)
        let bytes = UnsafeMutableRawBufferPointer(start: buffer.base, count: byteCount)
        try fill(bytes)
        return FilledMemory(UnsafeRawBufferPointer(bytes), owner: buffer, isShared: false)
    }

    package func once(_ body: () throws -> Void) throws { try body() }

    package func spared(byteCount: Int, by fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
        -> FilledMemory?
    {
        try filled(byteCount: byteCount, by: fill)
    }
}
