package import Diagnostics
package import Encoders

// Full fine-tuning, the baseline of every adapter: every weight and bias of the encoder is trained from the
// backbone's values (Devlin et al., NAACL 2019, arXiv 1810.04805).
//
//   dW = xᵀ dy    db = Σ_t dy    for linear maps; likewise γ and β
//   a row of an embedding table: the sum of dx over the tokens that read it
//
// The pooler is left out by default, because heads with another pooling never read it. Count: bert-base
// 108,891,648, with the pooler 109,482,240. Merged: copied.
//
// Memory in copies of the trained parameters as floats, per rank, for one task with U micro-batches of a step
// on the rank: 1 frozen backbone, 1 values, 2 moments, 3 values and moments of the next state until the step
// is known to be finite, 1 the task's own vector, 1 a micro-batch's gradient, U gradients that wait for their
// common scale, 2 their fixed-point sum in 64 bits, 1 that sum as floats, 2 the step's gradient by task and
// by block: 14 + U, for bert-base 6.1 GB and 0.44 GB per micro-batch. The task's vector, the sums and the
// gradient by task exist once per task in the step; values, moments and the next state once per owner.
// Checkpoints add 3 copies, and each kept best state 1.

/// Full fine-tuning: every weight and bias of the encoder.
package struct FullFineTuning: LinearMapMethod {
    package static let name = "full"
    package static let source = "Devlin et al., NAACL 2019, arXiv 1810.04805"
    package static let summary =
        "every weight and bias of the encoder; a rank holds 14 copies of them, and one more per micro-batch"
    package static let keys: [MethodKey<Self>] = [.pooler(\.pooler)]

    /// Whether the pooler is trained too.
    package var pooler = false

    package init() {}

    package var mergeability: Mergeability { .exact }
    package var layers: LayerSet { .all }
    package var mergedMaps: Set<Site> { Set(Site.linears) }
    package var replacedMaps: Set<Site> { Set(Site.linears) }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        let tables = EmbeddingTable.allCases.compactMap { BackboneTensor.table($0, of: weights) }
        let linears = weights.linearSites.filter { $0.site != .pooler }
        let tensors = (weights.normSites + linears).sorted().flatMap { place in
            Site.norms.contains(place.site)
                ? BackboneTensor.norm(place, of: weights)
                : BackboneTensor.Part.allCases.compactMap { BackboneTensor.linear(place, $0, of: weights) }
        }
        let pooler = pooler ? try TrainedPooler.slices(BackboneTensor.Part.allCases, of: weights) : []
        return BoundBackboneTensors(slices: tables + tensors + pooler, weights: weights)
    }
}
