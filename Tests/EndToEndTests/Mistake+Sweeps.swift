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
            "a range of whole numbers that no Double holds",
            says: ["sweep.yaml:3: parameters.batch.examples.integers: is [0, 9223372036854775807]", "2^52"],
            parameters: "batch.examples: { integers: [0, 9223372036854775807] }"),
        .sweep(
            "a grid over too many whole numbers",
            says: ["sweep.yaml:2: parameters: has more than 100000 combinations of values"],
            parameters: "batch.examples: { integers: [1, 4000000000000] }"),
        .sweep(
            "a range that is too wide",
            says: ["sweep.yaml:3: ", "uniform: is wider than the largest number"],
            parameters: "stages.adapter.learningRate: { uniform: [-1e308, 1e308] }"),
        .sweep(
            "a value that is listed twice",
            says: ["sweep.yaml:3: parameters.batch.examples.values: has 8 twice"],
            parameters: "batch.examples: { values: [8, 16, 8] }"),
        .sweep(
            "a seed that is listed twice", says: ["sweep.yaml:4: seeds: has 3 twice"],
            more: "seeds: [3, 4, 3]"),
        .sweep(
            "a winners' seed that is listed twice", says: ["sweep.yaml:4: then.seeds: has 11 twice"],
            more: "then: { seeds: [11, 11] }"),
        .sweep(
            "a winners' seed that chose them",
            says: ["sweep.yaml:4: then.seeds: has 1, a seed of the trials", "seeds does not have"],
            more: "then: { seeds: [1, 2] }"),
        .sweep(
            "a seed among the parameters",
            says: [
                "sweep.yaml:3: parameters.seed: cannot be chosen: the sweep sets seed",
                "use the sweep's keys",
            ],
            parameters: "seed: { values: [8, 16] }"),
        .sweep(
            "one seed for all winners' runs",
            says: ["sweep.yaml:4: then.set.seed: cannot be chosen: the sweep sets seed"],
            more: "then: { seeds: [11, 12], set: { seed: 5 } }"),
        .sweep(
            "evaluations that halving sets",
            says: [
                "sweep.yaml:3: parameters.evaluation.every: cannot be chosen", "every search.first steps",
            ],
            parameters: "evaluation.every: { values: [3, 4] }",
            more: "search: { method: halving, trials: 2, first: 3 }"),
        .sweep(
            "winners of each value after halving",
            says: ["sweep.yaml:4: then.per: belongs to grid and random, not to halving"],
            more:
                "then: { per: batch.examples, seeds: [11] }\nsearch: { method: halving, trials: 2, first: 3 }"
        ),
        .sweep(
            "a mean over other tasks in each trial",
            says: [
                "sweep.yaml:4: metric.score: is a mean over colour, alike in one trial",
                "over hue, alike in another", "name a task that all trials train",
            ], parameters: "tasks.0.name: { values: [colour, hue] }", more: "metric: { score: mean }"),
        .sweep(
            "more ranks per trial than micro-batches",
            says: [
                "sweep.yaml:4: ranksPerTrial: is 3, but a trial has 2 micro-batches in a step",
                "set it to 2 or less",
            ], more: "ranksPerTrial: 3", ranks: [3]),
        .sweep(
            "a change of the sweep file, which moves its lines",
            says: ["sweep.yaml: ranksPerTrial: is 3, but there is 1 rank"],
            changes: ["--set", "sweep.ranksPerTrial=3"]),
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
            "a sweep into the folder of its base study", code: 2, says: ["holds other files (found "],
            ranks: [nil]
        ) { scene in
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  batch.examples: { values: [16] }\n")
            try scene.write("more/base.yaml", "tasks: []\n")
            return ["sweep", scene.path("sweep.yaml"), "--output", scene.path("more"), "--resume"]
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
        Mistake(
            "changes of a sweep that is resumed by its directory", code: 2,
            says: ["--set: a sweep that is resumed by its directory keeps its own study"], ranks: [nil]
        ) { scene in
            try scene.write("swept/sweep.yaml", "base: study.yaml\n")
            return ["sweep", "--resume", scene.path("swept"), "--set", "batch.examples=8"]
        },
        Mistake(
            "a sweep's directory for its file", code: 2,
            says: [
                "swept: is a folder, expected a sweep file; to continue this sweep: \(EndToEnd.program) sweep --resume"
            ],
            ranks: [nil]
        ) { scene in
            try scene.write("swept/sweep.yaml", "base: study.yaml\n")
            return ["sweep", scene.path("swept")]
        },
        Mistake(
            "a trial's directory with another run", code: 2,
            says: [
                "swept/trials/001/seed-1: batch.examples: was 16 when this run began and is now 8",
                "remove the run's directory, and --resume trains it again",
            ], ranks: [nil], mayAlsoSay: ["trial 1, seed 1"]
        ) { scene in
            try scene.write(
                "sweep.yaml",
                "base: study.yaml\nparameters:\n  batch.examples: { values: [8] }\n"
                    + "  stages.adapter.steps: { values: [2] }\nmetric: { on: dev }\n")
            let sweep = ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept")]
            let whole = try await EndToEnd.hadamesh(sweep + ["--quiet"])
            guard whole.status == 0 else { throw Scene.Missing(part: "a sweep", file: "\(whole)") }
            try FileManager.default.removeItem(atPath: scene.path("swept/trials/001"))
            let run = try await EndToEnd.hadamesh([
                "train", scene.study, "--output", scene.path("swept/trials/001/seed-1"), "--quiet",
                "--set", "stages.adapter.steps=2", "--set", "seed=1",
            ])
            guard run.status == 0 else { throw Scene.Missing(part: "a run", file: "\(run)") }
            return sweep + ["--resume"]
        },
    ]

    /// A sweep file of one parameter, with another line at its end.
    private static func sweep(
        _ name: String, says: [String], parameters: String = "batch.examples: { values: [8, 16] }",
        more: String = "seeds: [1]", changes: [String] = [], ranks: [Int?] = [nil]
    ) -> Mistake {
        Mistake(name, code: 2, says: says, ranks: ranks) { scene in
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  \(parameters)\n\(more)\n")
            return ["sweep", scene.path("sweep.yaml"), "--output", scene.path("swept")] + changes
        }
    }
}
