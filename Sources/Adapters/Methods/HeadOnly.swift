import Diagnostics
public import Encoders

// The linear probe: a head on the frozen encoder, and nothing inside it. It has no parameters of its own, so a study's
// adapter stage has nothing to train unless it goes on training the heads (`trainHead: true`), and is then left out.

/// The head alone: a linear probe of the frozen encoder.
public struct HeadOnly: AdapterMethod {
    public static let name = "head"
    public static let source = "Alain, Bengio, arXiv 1610.01644"
    public static let summary =
        "nothing in the encoder: a linear probe; the adapter stage trains heads or is left out"
    public static let settings: [MethodSetting] = []

    enum CodingKeys: String, CodingKey, CaseIterable { case method }

    /// Makes the method, which has no settings.
    public init() {}

    /// Reads a study's `adapter` section, which has no other key than `method`.
    public init(from decoder: any Decoder) throws { _ = try SettingsSection<CodingKeys>(decoder) }

    /// Writes no key.
    public func encode(to encoder: any Swift.Encoder) throws {
        _ = encoder.container(keyedBy: CodingKeys.self)
    }

    public func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] { [] }

    public func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights) -> any EncoderAdaptation
    {
        Frozen()
    }

    public var mergeability: Mergeability { .exact }

    public func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    public func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double { 0 }

    private final class Frozen: EncoderAdaptation {
        let lowestTrained: Place? = nil
    }
}
