import Foundation

extension Mistake {
    /// Adapters that cannot be merged.
    static let inMerges: [Mistake] = [
        .afterARun(
            "merging by an unknown rule", code: 2,
            says: ["--rule: unknown rule 'tise'", "did you mean 'ties'?"]
        ) { $0.merge(["run"], ["--rule", "tise"]) },
        .afterARun(
            "merging into a folder that is there", code: 2, says: ["/run: already exists", "choose another"]
        ) { ["merge", $0.path("run"), "--rule", "average", "--output", $0.path("run")] },
        .afterARun(
            "merging into a run", code: 2,
            says: ["/run/inner: would be a run inside the run ", "another folder"]
        ) { ["merge", $0.path("run"), "--rule", "average", "--output", $0.path("run/inner")] },
        .afterARun(
            "weights whose sum cancels", code: 2,
            says: ["--weights: is 1.0,-0.9999999, expected numbers whose sum is positive and not almost 0"]
        ) { $0.merge(["run"], ["--weights", "1,-0.9999999"]) },
        .afterARun(
            "other weights than adapters", code: 2,
            says: ["--weights: has 3 numbers for 2 adapters", "one for each of colour, alike"]
        ) { $0.merge(["run"], ["--weights", "1,2,3"]) },
        .afterARun(
            "a weight that is no number", code: 2, says: ["--weights: 'x' is not a number", "0.5,1,1"]
        ) { $0.merge(["run"], ["--weights", "1,x"]) },
        .afterARun(
            "negative weights of an average", code: 2,
            says: ["--weights: is -1.0,-3.0, expected numbers whose sum is positive"]
        ) { $0.merge(["run"], ["--weights", "-1,-3"]) },
        .afterARun(
            "a negative seed", code: 2, says: ["The value '-1' is invalid for '--seed <seed>'"],
            mayAlsoSay: ["Help:", "Usage:", "  See"]
        ) { $0.merge(["run"], ["--rule", "dare", "--seed", "-1"]) },
        .afterARun(
            "a density of a rule that keeps all", code: 2,
            says: ["--density: average keeps every entry", "it is for ties, dare"]
        ) { $0.merge(["run"], ["--density", "0.5"]) },
        .unfinished("merging an unfinished run") {
            ["merge", $0, "--rule", "average", "--output", "\($0)-merged"]
        },
        .merging(
            "one adapter", ["run"], with: ["sharing={}"],
            says: ["run: has one adapter, which all its tasks share", "name several runs"]),
        .merging(
            "one task", ["run"], with: [], ofOneTask: true,
            says: ["run: has one task, and thus one adapter", "name several runs"]),
        .merging(
            "a task of two runs", ["run", "other"], with: [],
            says: ["/run and ", "/other both trained colour", "name one run for each task"]),
        .merging(
            "adapters of two methods", ["run", "other"], with: ["adapter=lora"],
            says: [
                "other: was trained with adapter.method \"lora\"", "/run with \"hadamard\"", "one method",
            ]),
        .merging(
            "adapters of other layers", ["run", "other"], with: ["adapter={ method: hadamard, layers: 0-1 }"],
            says: ["other: was trained with adapter.layers \"0-1\"", "/run with \"all\""]),
        .merging(
            "adapters of two backbones", ["run", "other"], with: [], onOtherBackbone: true,
            says: [
                "other: was trained on another backbone than ", "/run's weights' checksum differs",
                "--allow-different-backbone",
            ]),
        .merging(
            "adapters of two arithmetics", ["run", "other"], with: [],
            environment: ["HADAMESH_KERNELS": "portable"],
            says: ["other: was trained by version ", "with sse2 kernels, ", " with fma kernels", "again"]),
        .merging(
            "factors with two starts", ["run", "other"], with: ["seed=7"], both: ["adapter=lora"],
            ofOneTask: true,
            says: ["other: its adapters begin at the random values of seed 7, those of ", "of one seed"]),
        .merging(
            "heads alone", ["run"], with: ["adapter=head"],
            says: ["run: trained heads only; it has no adapter to merge"]),
        .merging(
            "pruned adapters", ["run"],
            with: [
                "adapter={ method: sparse, base: { method: lora, start: normal } }",
                "sharing={ weight: private }",
            ],
            says: ["run: has sparse adapters", "merge runs of the method that was pruned"]),
    ]

    /// A merge of runs of a few steps: `run`, and `other`, which has more changes of the study.
    ///
    /// With one run, the changes are its own. With `ofOneTask` a run has one of the tasks each.
    private static func merging(
        _ name: String, _ runs: [String], with changes: [String], both: [String] = [],
        onOtherBackbone: Bool = false, ofOneTask: Bool = false, environment: [String: String] = [:],
        says: [String]
    ) -> Mistake {
        Mistake("merging \(name)", code: 2, says: says) { scene in
            try scene.replace("steps: 40", by: "steps: 2", in: "study.yaml")
            for (index, run) in runs.enumerated() {
                let isLast = index == runs.count - 1
                if isLast, onOtherBackbone { try scene.changeBackbone() }
                let task = ofOneTask ? try scene.study(ofTask: index) : scene.study
                let settings = (both + (isLast ? changes : [])).flatMap { ["--set", $0] }
                let job = try await EndToEnd.hadamesh(
                    ["train", task, "--output", scene.path(run)] + settings,
                    environment: isLast ? environment : [:])
                guard job.status == 0 else { throw Failed(job: job) }
            }
            return scene.merge(runs)
        }
    }
}

extension Scene {
    /// The command line that merges runs into `merged`, by averages unless the options say otherwise.
    fileprivate func merge(_ runs: [String], _ options: [String] = []) -> [String] {
        let rule = options.contains("--rule") ? [] : ["--rule", "average"]
        return ["merge"] + runs.map(path) + rule + options + ["--output", path("merged")]
    }

    /// Copies the encoder and changes its last weight.
    fileprivate func changeBackbone() throws {
        try copyEncoder()
        var bytes = try read("backbone/model.safetensors")
        bytes[bytes.count - 1] ^= 1
        try write("backbone/model.safetensors", bytes)
    }

    /// The path of a study of the first or the second task alone.
    func study(ofTask index: Int) throws -> String {
        let text = String(decoding: try read("study.yaml"), as: UTF8.self)
        let tasks = text.components(separatedBy: "  - name: ")
        let rest = tasks[2].components(separatedBy: "sharing:")
        let own = index == 0 ? tasks[1] : rest[0]
        try write("task-\(index).yaml", "\(tasks[0])  - name: \(own)sharing:\(rest[1])")
        return path("task-\(index).yaml")
    }
}
