import Diagnostics
package import Encoders

// Full fine-tuning, the baseline that every adapter is compared with: every weight and bias of the encoder is trained from
// the backbone's values (Devlin et al., NAACL 2019, arXiv 1810.04805).
//
//   dW = xᵀ dy    db = Σ_t dy    for linear maps; γ and β; for a table the sum of dx over the tokens that read a row
//
// The pooler is left out by default, since a head that pools otherwise never reads it. Count: bert-base 108,891,648, with
// the pooler 109,482,240. Merged: copied.
//
// Memory, in copies of the trained numbers as floats, on each rank and for one task of which it computes U units a step:
// 1 frozen backbone, 1 values, 2 moments, 3 values and moments of the next state until the step is found finite, 1 the
// task's own vector, 1 a unit's gradient, U gradients waiting for their common scale, 2 their fixed-point sum in 64 bits,
// 1 that sum as floats, 2 the step's gradient by task and by block: 14 + U, for bert-base 6.1 GB and 0.44 GB a unit.
// The task's vector, the sums and the gradient by task are held once for every task in the step, and values, moments and
// the next state once for every owner of them. Checkpoints add 3, and kept best states 1 each.

/// Full fine-tuning: every weight and bias of the encoder.
package struct FullFineTuning: AdapterMethod {
    package static let name = "full"
    package static let source = "Devlin et al., NAACL 2019, arXiv 1810.04805"
    package static let summary =
        "every weight and bias of the encoder; a rank holds 14 copies of them, and one more for each of its units"
    package static let settings = [TrainedPooler.setting]

    /// Whether the pooler is trained too.
    package let pooler: Bool

    enum CodingKeys: String, CodingKey, CaseIterable { case pooler }

    /// Makes the method with settings.
    package init(pooler: Bool = false) { self.pooler = pooler }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        pooler = try section.value(.pooler, default: false)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let tables = EmbeddingTable.allCases.compactMap { BackboneTensor.table($0, of: weights) }
        let linears = weights.linearPlaces.filter { $0.site != .pooler }
        let places = (weights.normPlaces + linears).sorted()
        return tables
            + places.flatMap { place in
                Site.norms.contains(place.site)
                    ? BackboneTensor.norm(place, of: weights)
                    : BackboneTensor.Part.allCases.compactMap {
                        BackboneTensor.linear(place, $0, of: weights)
                    }
            } + (pooler ? try TrainedPooler.slices(BackboneTensor.Part.allCases, of: weights) : [])
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        RetrainedBackbone(parameters, on: weights)
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(Site.linears) }
    package var replacedMaps: Set<Site> { Set(Site.linears) }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double { 0 }
}
