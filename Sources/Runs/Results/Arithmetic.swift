/// The program version and kernels on which a result's bits depend, besides study, data and backbone.
package struct Arithmetic: Codable, Sendable, Equatable {
    package let version: String
    /// The class of kernels with equal bits: `fma` or `sse2`.
    package let kernels: String
    /// The class of kernels with equal bits for products in bfloat16, `pairs` or `tiles`; nil without them.
    package let bfloat16: String?

    package init(version: String, kernels: String, bfloat16: String? = nil) {
        (self.version, self.kernels, self.bfloat16) = (version, kernels, bfloat16)
    }

    /// For messages: `version 0.1.0 with fma kernels`.
    package var words: String { "version \(version) with \(kernelWords) kernels" }

    /// The kernels alone: `fma`, or `fma and bfloat16-tiles`.
    package var kernelWords: String { kernels + (bfloat16.map { " and bfloat16-\($0)" } ?? "") }
}
