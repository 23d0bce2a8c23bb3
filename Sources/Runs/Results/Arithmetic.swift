/// The program version and kernels on which a result's bits depend, besides study, data and backbone.
package struct Arithmetic: Codable, Sendable, Equatable {
    package let version: String
    /// The class of kernels with equal bits: `fma` or `sse2`.
    package let kernels: String

    package init(version: String, kernels: String) { (self.version, self.kernels) = (version, kernels) }

    /// For messages: `version 0.1.0 with fma kernels`.
    package var words: String { "version \(version) with \(kernels) kernels" }
}
