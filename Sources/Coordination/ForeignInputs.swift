/// Inputs that adapters may be used with although they were trained with others.
public struct ForeignInputs: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Another backbone of the same shape, or another tokenizer.
    public static let backbone = ForeignInputs(rawValue: 1)
    /// Kernels with other bits, or another version of the program.
    public static let kernels = ForeignInputs(rawValue: 2)
}
