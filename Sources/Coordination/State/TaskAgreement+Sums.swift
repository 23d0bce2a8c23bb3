import Adapters
import Runs

extension TaskAgreement {
    /// The agreement over a stage, from the sums of its thirds; nil if nothing was measured.
    init?(_ thirds: [AgreementSums], _ shared: SharedParts, names: [String]) {
        guard let first = thirds.first else { return nil }
        self.init(
            tasks: names, whole: Period(thirds.dropFirst().reduce(first, +), shared),
            thirds: thirds.map { Period($0, shared) })
    }
}

extension TaskAgreement.Period {
    fileprivate init(_ sums: AgreementSums, _ shared: SharedParts) {
        func matrix<Element>(_ element: (Int, Int) -> Element) -> [[Element]] {
            (0..<sums.tasks).map { i in (0..<sums.tasks).map { j in element(i, j) } }
        }
        self.init(
            steps: matrix(sums.steps),
            parts: shared.parts.enumerated().map { index, part in
                TaskAgreement.Part(
                    name: part.name, kind: part.kind?.rawValue, layer: part.layer,
                    cosine: matrix { sums.cosine($0, $1, part: index) },
                    correctedCosine: matrix { sums.correctedCosine($0, $1, part: index) },
                    affinity: matrix { sums.affinity($0, $1, part: index) },
                    noiseScale: (0..<sums.tasks).map { sums.noiseScale($0, part: index) })
            })
    }
}
