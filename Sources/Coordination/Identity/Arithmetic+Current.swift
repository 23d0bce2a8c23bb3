package import Kernels
package import Runs

extension Arithmetic {
    /// One version for the command line, the file formats and the order of sums.
    package static let programVersion = "0.1.0"

    /// The arithmetic of this process, with some products of frozen maps.
    package static func current(_ products: ProductArithmetic) -> Arithmetic {
        Arithmetic(
            version: programVersion, kernels: VectorKernels.bits,
            bfloat16: products == .bfloat16 ? RoundedKernels.bits : nil)
    }
}
