import Kernels
package import Runs

extension Arithmetic {
    /// The program's version: of its command line, its file formats and the order of its sums.
    package static let programVersion = "0.1.0"

    /// This process's.
    package static var current: Arithmetic {
        Arithmetic(version: programVersion, kernels: VectorKernels.bits)
    }
}
