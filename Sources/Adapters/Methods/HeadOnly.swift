import Diagnostics
package import Encoders

// The linear probe: a head on the frozen encoder, and nothing inside it. It has no parameters of its own, so a study's
// adapter stage has nothing to train unless it goes on training the heads (`trainHead: true`), and is then left out.

/// The head alone: a linear probe of the frozen encoder.
package struct HeadOnly: AdapterMethod {
    package static let name = "head"
    package static let source = "Alain, Bengio, arXiv 1610.01644"
    package static let summary =
        "nothing in the encoder: a linear probe; the adapter stage trains heads or is left out"
    package static let settings: [MethodSetting] = []

    enum CodingKeys: String, CodingKey, CaseIterable { case method }

    /// Makes the method, which has no settings.
    package init() {}

    /// Reads a study's `adapter` section, which has no other key than `method`.
    package init(from decoder: any Decoder) throws { _ = try SettingsSection<CodingKeys>(decoder) }

    /// Writes no key.
    package func encode(to encoder: any Swift.Encoder) throws {
        _ = encoder.container(keyedBy: CodingKeys.self)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] { [] }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        Frozen()
    }

    package var mergeability: Mergeability { .exact }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double { 0 }

    private final class Frozen: EncoderAdaptation {
        let lowestTrained: Place? = nil
    }
}
