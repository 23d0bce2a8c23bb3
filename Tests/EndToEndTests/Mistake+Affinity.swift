import Foundation

extension Mistake {
    /// Runs and options of which no affinity or groups follow.
    static let inAffinity: [Mistake] = [
        .afterARun(
            "an unknown measure", code: 2,
            says: ["--measure: unknown measure 'cosin'", "did you mean 'cosine'?"]
        ) { ["affinity", $0.path("run"), "--measure", "cosin"] },
        .afterARun(
            "more groups than tasks", code: 2, says: ["--groups: is 3, expected 1 to 2, the number of tasks"],
            mayAlsoSay: ["note: "]
        ) { ["affinity", $0.path("run"), "--measure", "adapters", "--groups", "3"] },
        .afterARun(
            "a check without steps", code: 2, says: ["--check needs --steps N and --output DIR"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { ["affinity", $0.path("run"), "--check", "1"] },
        .afterARun(
            "steps without a check", code: 2, says: ["--steps and --output are for --check"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { ["affinity", $0.path("run"), "--steps", "5"] },
        .afterARun(
            "a run named twice", code: 2, says: ["/run/: is named twice", "name each run once"]
        ) { ["affinity", $0.path("run"), $0.path("run") + "/"] },
        .afterARun(
            "a study that is there", code: 2, says: ["study.yaml: already exists", "another file"]
        ) { ["affinity", $0.path("run"), "--measure", "adapters", "--write", $0.study] },
        .afterARun(
            "a check in a run's folder", code: 2,
            says: ["/run: is a run, but runs of the check would be written into it", "another --output"]
        ) {
            ["affinity", $0.path("run"), "--measure", "adapters", "--check", "1", "--steps", "2"]
                + ["--output", $0.path("run")]
        },
        .ofTwoRuns(
            "runs of two methods", ["adapter=lora"],
            says: ["other: was trained with adapter.method \"lora\"", "/run with \"hadamard\"", "one method"]),
        .ofTwoRuns(
            "affinities at two rates", ["stages.adapter.learningRate=1e-3"],
            says: ["other: was trained with stages.adapter.learningRate 0.001", "/run with 0.003", "cosine"]),
        .ofTwoRuns(
            "affinities at two schedules", ["stages.adapter.schedule=constant"],
            says: ["other: was trained with stages.adapter.schedule \"constant\"", "/run with ", "cosine"]),
        .ofTwoRuns(
            "factors with two starts", ["seed=7"], both: ["adapter=lora"], ofOneTask: true,
            says: ["other: its adapters begin at other values than those of ", "/run; ", "of one seed"]),
        .unfinished("affinity of an unfinished run") { ["affinity", $0] },
        Mistake(
            "affinity of one adapter", code: 2,
            says: ["--measure: colour and alike share their adapter", "an adapter of its own"]
        ) { scene in
            try await scene.train(["sharing={}"])
            return ["affinity", scene.path("run"), "--measure", "adapters", "--groups", "2"]
        },
        Mistake(
            "the gradients of private adapters", code: 2,
            says: [
                "--measure: no run has measured the cosine of the tasks' gradients", "--measure adapters",
            ]
        ) { scene in
            try await scene.train(["sharing={ weight: private, bias: private, norm: private }"])
            return ["affinity", scene.path("run"), "--measure", "cosine"]
        },
        Mistake(
            "affinity of one task", code: 2, says: ["the runs have one task, colour", "two tasks or more"]
        ) { scene in
            try await scene.train([], study: try scene.study(ofTask: 0))
            return ["affinity", scene.path("run"), "--measure", "adapters"]
        },
    ]

    /// The affinity of `run` and `other`, which has more changes of the study; with `ofOneTask` a run has one
    /// of the tasks each.
    private static func ofTwoRuns(
        _ name: String, _ changes: [String], both: [String] = [], ofOneTask: Bool = false, says: [String]
    ) -> Mistake {
        Mistake(name, code: 2, says: says, mayAlsoSay: ["note: no run has measured"]) { scene in
            for (index, run) in ["run", "other"].enumerated() {
                try await scene.train(
                    both + (run == "other" ? changes : []),
                    study: ofOneTask ? try scene.study(ofTask: index) : scene.study, into: run)
            }
            return ["affinity", scene.path("run"), scene.path("other")]
        }
    }
}

extension Scene {
    /// Trains a study for two steps.
    fileprivate func train(
        _ changes: [String], study: String? = nil, into run: String = "run"
    ) async throws {
        let job = try await EndToEnd.hadamesh(
            ["train", study ?? self.study, "--output", path(run), "--set", "stages.adapter.steps=2"]
                + changes.flatMap { ["--set", $0] })
        guard job.status == 0 else { throw Mistake.Failed(job: job) }
    }
}
