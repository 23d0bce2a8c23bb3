/// Inputs that may differ from those an adapter was trained with.
package struct ForeignInputs: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Another backbone of the same shape, or another tokenizer.
    package static let backbone = ForeignInputs(rawValue: 1)
    /// Kernels that compute other bits, or another version of the program.
    package static let kernels = ForeignInputs(rawValue: 2)
}
