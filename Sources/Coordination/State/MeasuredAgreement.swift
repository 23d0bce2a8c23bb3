import Formats
import Runs

/// The comparison of the tasks' gradients in a step, and the sums after it.
struct MeasuredAgreement {
    let step: StepAgreement
    /// For each third of the stage.
    let sums: [AgreementSums]

    /// The curves of a step: the cosines of its pairs of tasks, and each task's noise scale over the stage.
    func curves(_ names: [String]) -> AgreementCurves {
        let whole = sums.dropFirst().reduce(sums[0], +)
        let pairs = names.indices.flatMap { i in names.indices.dropFirst(i + 1).map { (i, $0) } }
        return AgreementCurves(
            cosines: NamedValues(
                pairs.compactMap { i, j in
                    step.cosine(i, j, part: 0).map { ("\(names[i])-\(names[j])", $0) }
                }),
            noiseScales: NamedValues(
                names.indices.compactMap { task in
                    whole.noiseScale(task, part: 0).map { (names[task], $0) }
                }))
    }
}
