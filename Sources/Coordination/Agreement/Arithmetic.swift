import Formats
import Kernels

/// The program and the kernels that compute: what a result's bits depend on beside study, data and backbone.
package struct Arithmetic: Sendable, Equatable {
    /// The program's version: of its command line, its file formats and the order of its sums.
    package static let programVersion = "0.1.0"

    /// The version of the program.
    let version: String
    /// The bits of its kernels, which others may give too: `fma` or `sse2`.
    let kernels: String

    /// This process's.
    static var current: Arithmetic { Arithmetic(version: programVersion, kernels: VectorKernels.bits) }

    init(version: String, kernels: String) {
        self.version = version
        self.kernels = kernels
    }

    /// Reads what ``json`` wrote; nil for anything else.
    init?(_ json: JSONValue) {
        guard let version = json["version"]?.string, let kernels = json["kernels"]?.string else { return nil }
        self.init(version: version, kernels: kernels)
    }

    /// As an identity holds it.
    var json: JSONValue { ["version": .string(version), "kernels": .string(kernels)] }

    /// In words: `version 0.1.0 with fma kernels`.
    var words: String { "version \(version) with \(kernels) kernels" }
}
