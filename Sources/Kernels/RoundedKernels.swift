import CKernels

// Products in bfloat16 add pairs in the order of AVX512_BF16's instruction, which other processors emulate,
// or in the order of AMX's. The program chooses the fastest kernels, so the order depends on the processor.

/// The kernels for ``ProductArithmetic/bfloat16``.
package enum RoundedKernels {
    /// The values of ``VectorKernels/variable``, fastest first for most processors.
    static let names = ["amx", "avx512bf16", "avx512", "avx2", "portable"]

    /// The kernels in use: one of ``names``.
    package static var name: String { String(cString: table.name) }

    /// Whether the kernels emulate instructions for bfloat16, which takes longer than products of floats.
    package static var areEmulated: Bool { !["amx", "avx512bf16"].contains(name) }

    /// The class of kernels with the same bits: `pairs`, or `tiles` with AMX.
    package static var bits: String { String(cString: table.bits) }

    // A table of constants.
    nonisolated(unsafe) static let table: ckernels_bfloat16 =
        (VectorKernels.choice.flatMap { ckernels_bfloat16_named($0) } ?? ckernels_bfloat16_best()).pointee
}
