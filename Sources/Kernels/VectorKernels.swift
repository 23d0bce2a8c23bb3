import CKernels
import Foundation

// The loops over floats are compiled for AVX-512, for AVX2 with FMA, and for any processor; the program
// chooses the best at its start. All tables with FMA give the same bits.

/// The table of loops that this process uses.
package enum VectorKernels {
    /// The variable that overrides the choice, such as `avx2` to measure or `portable` to compare.
    ///
    /// `amx` and `avx512bf16` name products in bfloat16; the other loops are then those of `avx512`.
    package static let variable = "HADAMESH_KERNELS"

    /// The values of ``variable`` that this processor supports.
    package static var choices: [String] {
        RoundedKernels.names.filter { ckernels_bfloat16_named($0) != nil }
    }

    /// A choice that this processor does not support; nil if there is none.
    package static var unknownChoice: String? { choice.flatMap { choices.contains($0) ? nil : $0 } }

    /// The instruction set in use: `avx512`, `avx2` or `portable`.
    package static var name: String { String(cString: table.name) }

    /// The instruction sets in use with an arithmetic: `avx512`, or `avx512, bfloat16 amx`.
    package static func names(_ arithmetic: ProductArithmetic) -> String {
        arithmetic == .bfloat16 ? "\(name), bfloat16 \(RoundedKernels.name)" : name
    }

    /// The class of tables with the same bits: `fma`, or `sse2` without fused additions.
    package static var bits: String { String(cString: table.bits) }

    // A table of constants.
    nonisolated(unsafe) static let table: ckernels =
        (choice.flatMap { ckernels_named($0) } ?? ckernels_best()).pointee

    static var choice: String? { ProcessInfo.processInfo.environment[variable] }
}

extension Matrix {
    /// Calls a loop for each row's floats, or once for all of them if both matrices are packed.
    @inline(__always)
    func forEachRun(
        with other: Matrix, _ body: (Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        precondition(rows == other.rows && columns == other.columns, "two matrices of different shapes")
        if isPacked && other.isPacked { return body(count, base, other.base) }
        for r in 0..<rows { body(columns, row(r), other.row(r)) }
    }
}

extension FrozenMatrix {
    /// Calls a loop for each row's floats, or once for all of them if both matrices are packed.
    @inline(__always)
    func forEachRun(
        with other: Matrix, _ body: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        precondition(rows == other.rows && columns == other.columns, "two matrices of different shapes")
        if stride == columns && other.isPacked { return body(count, base, other.base) }
        for r in 0..<rows { body(columns, row(r), other.row(r)) }
    }
}
