/// The program and the kernels that compute: the bits of a result depend on them, beside study, data and backbone.
package struct Arithmetic: Codable, Sendable, Equatable {
    /// The version of the program.
    package let version: String
    /// The bits of its kernels, which others may give too: `fma` or `sse2`.
    package let kernels: String

    package init(version: String, kernels: String) {
        self.version = version
        self.kernels = kernels
    }

    /// In words: `version 0.1.0 with fma kernels`.
    package var words: String { "version \(version) with \(kernels) kernels" }
}
