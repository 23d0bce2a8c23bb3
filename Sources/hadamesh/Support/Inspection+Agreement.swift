import Runs

extension Inspection {
    /// Adds tables of the tasks' agreement over a stage: of pairs of tasks, of parts, and of tasks.
    mutating func add(_ agreement: TaskAgreement) {
        guard let all = agreement.whole.all else { return }
        let tasks = agreement.tasks
        let pairs = tasks.indices.flatMap { i in tasks.indices.dropFirst(i + 1).map { (i, $0) } }
        let ends = [agreement.thirds.first?.all, agreement.thirds.last?.all]
        add(
            "agreement of tasks",
            [
                "first", "second", "cosine", "without noise", "first third", "last third", "affinity", "back",
            ],
            pairs.filter { all.cosine[$0][$1] != nil }.map { i, j in
                [
                    tasks[i], tasks[j], all.cosine[i][j], all.correctedCosine[i][j],
                    ends[0]?.cosine[i][j], ends[1]?.cosine[i][j], all.affinity[i][j], all.affinity[j][i],
                ]
            }, digits: 3)
        add(
            "agreement by part", ["part", "mean cosine", "without noise"],
            agreement.whole.parts.map { [$0.name, $0.meanCosine, $0.meanCorrectedCosine] }, digits: 3)
        add(
            "noise of gradients", ["task", "noise scale in examples"],
            zip(tasks, all.noiseScale).map { [$0, $1] }, digits: 3)
    }
}
