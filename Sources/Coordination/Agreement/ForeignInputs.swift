/// Inputs that adapters may be used with although they were trained with others.
package struct ForeignInputs: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Another backbone of the same shape, or another tokenizer.
    package static let backbone = ForeignInputs(rawValue: 1)
    /// Kernels with other bits, or another version of the program.
    package static let kernels = ForeignInputs(rawValue: 2)
}
