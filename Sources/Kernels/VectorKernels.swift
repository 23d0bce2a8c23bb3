import CKernels
import Foundation

// The loops over floats are compiled for AVX-512, for AVX2 with FMA, and for any processor; the best that this one has is
// chosen when the program starts. All those with FMA give the same bits.

/// The loops that all kernels of this process run in.
package enum VectorKernels {
    /// The variable that names another table than the best, such as `avx2` to measure or `portable` to compare.
    package static let variable = "HADAMESH_KERNELS"

    /// What ``variable`` may say on this processor.
    package static var choices: [String] {
        ["avx512", "avx2", "portable"].filter { ckernels_named($0) != nil }
    }

    /// A choice that this processor doesn't have; nil where there is none or it is fine.
    package static var unknownChoice: String? { choice.flatMap { choices.contains($0) ? nil : $0 } }

    /// The instruction set in use: `avx512`, `avx2` or `portable`.
    package static var name: String { String(cString: table.name) }

    /// What tables that give the same bits have in common: `fma`, or `sse2` without fused additions.
    package static var bits: String { String(cString: table.bits) }

    /// The columns of a panel of laid-out weights, which depends on the instruction set; no bit of a result does.
    package static var panel: Int { table.panel }

    // A table of constants: nobody writes to it.
    nonisolated(unsafe) static let table: ckernels =
        (choice.flatMap { ckernels_named($0) } ?? ckernels_best()).pointee

    private static var choice: String? { ProcessInfo.processInfo.environment[variable] }
}

extension Matrix {
    /// Calls a loop over each row's floats, or over all of them at once where no matrix has gaps.
    @inline(__always)
    func forEachRun(
        with other: Matrix, _ body: (Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        precondition(rows == other.rows && columns == other.columns, "two matrices of different shapes")
        if isPacked && other.isPacked { return body(count, base, other.base) }
        for r in 0..<rows { body(columns, row(r), other.row(r)) }
    }
}
