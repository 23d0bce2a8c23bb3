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
