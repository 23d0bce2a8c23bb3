import Foundation

extension Mistake {
    /// Sweep files of which no trials follow, and directories of other sweeps.
    static let inSweeps: [Mistake] = [
        .sweep(
            "an unknown key of a parameter",
            says: [
                "sweep.yaml:3: parameters.stages.adapter.stepz: unknown key 'stepz'", "did you mean 'steps'?",
            ], parameters: "stages.adapter.stepz: { values: [4, 8] }", ranks: [nil, 3]),
        .sweep(
            "a parameter without values",
            says: ["sweep.yaml:3: parameters.batch.examples.values: is empty, expected at least one value"],
            parameters: "batch.examples: { values: [] }"),
        .sweep(
            "a range that is upside down",
            says: ["sweep.yaml:3: ", "is [8, 4], expected a lower and a higher bound"],
            parameters: "batch.examples: { integers: [8, 4] }"),
        .sweep(
            "a grid over real numbers",
            says: ["sweep.yaml:3: ", "a grid cannot have all", "search: { method: random, trials: N }"],
            parameters: "stages.adapter.learningRate: { logUniform: [1e-4, 1e-2] }"),
        .sweep(
            "more ranks per trial than ranks",
            says: ["sweep.yaml:4: ranksPerTrial: is 8, but there is 1 rank", "mpirun -n 8"],
            more: "ranksPerTrial: 8"),
        .sweep(
            "the metric of a task that is not trained",
            says: [
                "sweep.yaml:4: metric.score: is 'colours', which no trial trains", "did you mean 'colour'?",
            ],
            more: "metric: { score: colours }"),
        .sweep(
            "a key of another search",
            says: ["sweep.yaml:4: search.trials: belongs to random and halving, not to grid"],
            more: "search: { method: grid, trials: 4 }"),
        .sweep(
            "winners of an unknown parameter",
            says: ["sweep.yaml:4: then.per: is 'batch.example'", "did you mean 'batch.examples'?"],
            more: "then: { per: batch.example, seeds: [1] }"),
        Mistake(
            "resuming another sweep", code: 2,
            says: ["began with another sweep file", "hadamesh sweep --resume "], ranks: [nil]
        ) { scene in
            try scene.write("swept/sweep.yaml", "base: study.yaml\n")
            try scene.write("swept/base.yaml", "tasks: []\n")
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  batch.examples: { values: [16] }\n")
            return ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept"), "--resume"]
        },
        Mistake(
            "a sweep into a directory of another", code: 2,
            says: ["this sweep already exists", "hadamesh sweep --resume "], ranks: [nil]
        ) { scene in
            try scene.write("swept/sweep.yaml", "base: study.yaml\n")
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  batch.examples: { values: [16] }\n")
            return ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept")]
        },
        Mistake(
            "resuming what is no sweep", code: 2, says: ["holds no sweep"], ranks: [nil]
        ) { scene in ["sweep", "--resume", scene.folder.path] },
    ]

    /// A sweep file of one parameter, with another line at its end.
    private static func sweep(
        _ name: String, says: [String], parameters: String = "batch.examples: { values: [8, 16] }",
        more: String = "seeds: [1]", ranks: [Int?] = [nil]
    ) -> Mistake {
        Mistake(name, code: 2, says: says, ranks: ranks) { scene in
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  \(parameters)\n\(more)\n")
            return ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept")]
        }
    }
}
