import Diagnostics
import Formats
import Runs

/// The comparison of the tasks' gradients in a step, and the sums after it.
struct MeasuredAgreement {
    let step: StepAgreement
    /// For each third of the stage.
    let sums: [AgreementSums]

    /// The curves of a step, over the parts of the parameters that were measured.
    ///
    /// No task's name has the `+` of a pair's.
    func curves(_ names: [String], _ shared: SharedParts) -> AgreementCurves {
        let whole = sums.dropFirst().reduce(sums[0], +)
        let pairs = names.indices.flatMap { i in names.indices.dropFirst(i + 1).map { (i, $0) } }
        func values(
            _ pairs: [(Int, Int)], _ value: (Int, Int) -> Double?
        ) -> NamedValues<Double> {
            NamedValues(pairs.compactMap { i, j in value(i, j).map { ("\(names[i])+\(names[j])", $0) } })
        }
        return AgreementCurves(
            gramians: NamedValues(
                shared.parts.enumerated().dropFirst().map { ($1.name, step.gramian(part: $0)) }),
            cosines: values(pairs) { step.cosine($0, $1, part: 0) },
            parts: NamedValues(
                shared.parts.enumerated().compactMap { index, part in
                    pairs.compactMap { step.cosine($0, $1, part: index) }.mean.map { (part.name, $0) }
                }),
            correctedCosines: values(pairs) { whole.correctedCosine($0, $1, part: 0) },
            affinities: values(pairs + pairs.map { ($1, $0) }) { whole.affinity($0, $1, part: 0) },
            noiseScales: NamedValues(
                names.indices.compactMap { task in
                    whole.noiseScale(task, part: 0).map { (names[task], $0) }
                }))
    }
}
