import Kernels
package import Runs

extension Arithmetic {
    /// One version for the command line, the file formats and the order of sums.
    package static let programVersion = "0.1.0"

    /// The arithmetic of this process.
    package static var current: Arithmetic {
        Arithmetic(version: programVersion, kernels: VectorKernels.bits)
    }
}
