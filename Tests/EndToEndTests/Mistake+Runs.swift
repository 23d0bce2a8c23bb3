import Formats
import Foundation
import Training

extension Mistake {
    /// Mistakes on the command line.
    static let inCommands: [Mistake] = [
        Mistake(
            "unknown subcommand", code: 2, says: ["unknown subcommand 'trian'", "did you mean 'train'?"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { ["trian", $0.study] },
        Mistake(
            "a subcommand of other software", code: 2,
            says: ["unknown subcommand 'eval'; here it is", "evaluate RUN"], ranks: [nil],
            mayAlsoSay: ["Usage:", "  See"]
        ) { _ in ["eval", "run"] },
        Mistake(
            "unknown option", code: 2, says: ["Unknown option '--ouput'", "'--output'"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { ["train", $0.study, "--ouput", "x"] },
        .habit(
            ["--learning_rate", "1e-3"],
            says: [
                "--learning_rate: is no option of train, but stages.adapter.learningRate is a key of studies",
                "--set stages.adapter.learningRate=1e-3",
            ]),
        .habit(
            ["--lr=1e-3"], says: ["--lr: is no option of train", "--set stages.adapter.learningRate=1e-3"]),
        .habit(
            ["--warmup-steps", "100"],
            says: ["--set stages.adapter.warmup=VALUE (a share of the stage's steps, such as 0.06)"]),
        .habit(["--output_dir", "r"], says: ["--output_dir: is no option of train", "--output"]),
        .habit(["--adapter", "lora"], says: ["--adapter: is no option", "--set adapter=lora"]),
        .habit(["--adapter.rank", "4"], says: ["--adapter.rank: is no option", "--set adapter.rank=4"]),
        .habit(
            ["-n", "2"],
            says: [
                "-n: is no option of train; to start 2 ranks: launch/local -n 2 STUDY, or mpirun -n 2 hadamesh"
            ]),
        .habit(
            ["adapter.rank=4"],
            says: [
                "adapter.rank=4: is no argument of train; to change the study: --set adapter.rank=4"
            ]),
        .habit(
            ["--set", "adapter.rank", "4"],
            says: ["--set: expected key=value, found 'adapter.rank' and '4'; --set adapter.rank=4"]),
        .habit(
            ["--resume", "runs/x"],
            says: [
                "--resume: takes no value beside a study; the run is enough: \(EndToEnd.program) train --resume runs/x"
            ]),
        .habit(["--resume=runs/x"], says: ["the run is enough: \(EndToEnd.program) train --resume runs/x"]),
        Mistake(
            "--resume with a study alone", code: 2,
            says: ["study.yaml: is a file, expected the directory of a run", "--output RUN"]
        ) { ["train", $0.study, "--resume"] },
        Mistake(
            "resuming a folder without a run", code: 2, says: ["tiny-bert: found no run in it"]
        ) { _ in ["train", "--resume", Scene.encoder.path] },
        Mistake(
            "resuming a run that stopped before its study was saved", code: 2,
            says: ["found no study.yaml", "hadamesh train STUDY --output", "--resume"]
        ) {
            try $0.write("early/journal.jsonl", "")
            return ["train", "--resume", $0.path("early")]
        },
        .training(
            "another number of ranks than expected", code: 2,
            says: ["--expect-ranks: the world has ", "expected 2", "mpirun -n 2"], ranks: [nil, 3],
            with: ["--expect-ranks", "2"]),
        Mistake(
            "an output below a file", code: 3,
            says: ["study.yaml/run: cannot create the directory", "Not a directory"]
        ) { ["train", $0.study, "--output", "\($0.study)/run"] },
        Mistake("an output that is a file", code: 2, says: ["study.yaml: found a file, expected a directory"])
        {
            ["train", $0.study, "--output", $0.study]
        },
        Mistake(
            "the study's own folder as output", code: 2,
            says: ["holds other files (found ", "expected a new or an empty folder", "--output"]
        ) { ["train", $0.study, "--output", $0.folder.path] },
        Mistake(
            "the study's own folder as output of a run to resume", code: 2,
            says: ["holds other files (found ", "--output"]
        ) { ["train", $0.study, "--output", $0.folder.path, "--resume"] },
        Mistake(
            "a folder of notes as output", code: 2, says: ["notes: holds other files (found citations.bib)"]
        ) {
            try $0.write("notes/citations.bib", "@article{mine}")
            try $0.write("notes/slurm-1.out", "")
            return ["train", $0.study, "--output", $0.path("notes")]
        },
        Mistake(
            "nothing to resume", code: 2, says: ["run: no such run directory", "hadamesh train"]
        ) { ["train", "--resume", $0.path("run")] },
        Mistake(
            "operations of sequences without end", code: 2,
            says: ["--tokens is 9223372036854775807, expected 1 to"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { _ in
            ["methods", "--backbone", Scene.encoder.path, "--tokens", "9223372036854775807"]
        },
        Mistake(
            "a rule that there isn't", code: 2,
            says: ["unknown rule, weighting, sampler or merge rule 'pcgrd'", "did you mean 'pcgrad'?"]
        ) { _ in ["rules", "pcgrd"] },
        Mistake(
            "evaluating a folder without a run", code: 2, says: ["tiny-bert: this is not a run directory"]
        ) {
            ["evaluate", Scene.encoder.path, "--backbone", $0.path("backbone")]
        },
        Mistake("evaluating a run that is not there", code: 2, says: ["nothere: no such run directory"]) {
            _ in ["evaluate", "nothere"]
        },
        Mistake(
            "a run directory from an unset variable", code: 2, says: ["--output is empty"],
            mayAlsoSay: ["Usage:", "  See"]
        ) { ["train", $0.study, "--output", ""] },
        Mistake(
            "comparing a folder without a run", code: 2,
            says: ["tiny-bert: found no run in it", "hadamesh train"]
        ) {
            _ in ["compare", Scene.encoder.path]
        },
        Mistake("inspecting a missing path", code: 2, says: ["nothere: no such file or folder"]) {
            ["inspect", $0.path("nothere")]
        },
        Mistake(
            "inspecting a file of another kind", code: 2, says: ["vocab.txt: is not a safetensors file"]
        ) { _ in
            ["inspect", Scene.encoder.appendingPathComponent("vocab.txt").path]
        },
        Mistake("tokenizing without a backbone", code: 3, says: ["nothere"]) { _ in
            ["tokenize", "--backbone", "nothere"]
        },
        Mistake(
            "a doctor's study without data", code: 3, says: ["nothere/colour-train.tsv: there is no such"]
        ) {
            ["doctor", $0.study, "--set", "data=nothere"]
        },
    ]

    /// Mistakes with a finished run.
    static let inRuns: [Mistake] = [
        .afterARun(
            "a run that is there", code: 2,
            says: ["run: this run already exists", "hadamesh train --resume ", "choose another --output"]
        ) { $0.training },
        .afterARun(
            "resuming another study", code: 2,
            says: ["optimizer.weightDecay: was 0.01 when this run began and is now 0.5", "another --output"]
        ) { $0.training + ["--resume", "--set", "optimizer.weightDecay=0.5"] },
        .afterARun(
            "resuming without the number of steps", code: 2,
            says: ["stages.adapter.steps: was 10 when this run began and is now not set"]
        ) { $0.training + ["--resume", "--set", "stages.adapter.steps=null"] },
        .afterARun(
            "resuming a run with other settings", code: 2,
            says: ["seed: was 42 when this run began and is now 7"]
        ) { ["train", "--resume", $0.path("run"), "--set", "seed=7"] },
        Mistake(
            "a folder of runs as a study", code: 2,
            says: [": is a folder, expected a study file; name one of the runs in it", "--resume"],
            ranks: [nil]
        ) { scene in
            try scene.write("runs/a/journal.jsonl", "")
            return ["train", scene.path("runs")]
        },
        Mistake(
            "a folder of studies as a study", code: 2,
            says: [": is a folder, expected a study file; name a file in it: ", "/study.yaml"], ranks: [nil]
        ) { ["train", $0.folder.path] },
        .afterARun("using a run as a study", code: 2, says: ["run: is a folder", "train --resume"]) {
            ["train", $0.path("run")]
        },
        .afterARun(
            "a reference run of other tasks", code: 2,
            says: [
                "--set sampler.reference: ", "run has no score of 'hue'; its tasks are colour, alike",
                "name a run that trained it",
            ]
        ) {
            [
                "train", $0.study, "--output", $0.path("other"), "--set", "tasks.0.name=hue", "--set",
                "sampler={name: gap, reference: '\($0.path("run"))'}",
            ]
        },
        .afterARun(
            "a reference run with other metrics", code: 2,
            says: [
                "run scored colour by accuracy and f1 on dev, but this study scores it by macro-f1 on dev",
                "give the score as a number",
            ]
        ) {
            [
                "train", $0.study, "--output", $0.path("other"), "--set", "tasks.0.metrics=[macro-f1]",
                "--set", "sampler={name: gap, reference: '\($0.path("run"))'}",
            ]
        },
        .afterARun(
            "a reference run without a journal", code: 2,
            says: ["--set sampler.reference: ", "run has no journal, and so no losses", "not merged"]
        ) {
            try FileManager.default.removeItem(atPath: $0.path("run/journal.jsonl"))
            return [
                "train", $0.study, "--output", $0.path("other"), "--set",
                "sampler={name: reference-loss, reference: '\($0.path("run"))'}",
            ]
        },
        .afterARun(
            "resuming with other data", code: 3, says: ["data: the data of colour changed"]
        ) { scene in
            try scene.replaceLine(7, by: "red house\twarm", in: "colour-train.tsv")
            return scene.training + ["--resume"]
        },
        .afterARun(
            "resuming with another backbone", code: 3, says: ["backbone: ", "checksum differs"]
        ) { scene in
            try scene.copyEncoder()
            var bytes = try scene.read("backbone/model.safetensors")
            bytes[bytes.count - 1] ^= 1
            try scene.write("backbone/model.safetensors", bytes)
            return scene.training + ["--resume"]
        },
        .afterARun(
            "no whole checkpoint", code: 3, says: ["run/checkpoints: holds no whole checkpoint", "--output"],
            mayAlsoSay: ["warning: "]
        ) { scene in
            try scene.damageCheckpoints()
            // A finished run needs no checkpoint.
            try FileManager.default.removeItem(atPath: scene.path("run/results.json"))
            return scene.training + ["--resume"]
        },
        .afterARun(
            "a checkpoint with impossible sums", code: 3,
            says: [
                "the checkpoint of step 18 has no usable 'agreement'",
                "remove step-18 from the run's checkpoints",
            ]
        ) { scene in
            try scene.changeAgreement()
            try FileManager.default.removeItem(atPath: scene.path("run/results.json"))
            return scene.training + ["--resume"]
        },
        .afterARun(
            "predicting an unknown task", code: 2, says: ["unknown task 'colours'", "did you mean 'colour'?"]
        ) { ["predict", $0.path("run"), "--task", "colours", "--input", $0.study] },
        .afterARun("predicting a missing file", code: 3, says: ["nothere: no readable file"]) {
            ["predict", $0.path("run"), "--task", "colour", "--input", "nothere"]
        },
        .afterARun(
            "predicting texts for pairs", code: 3, says: ["lines.txt:1: found 1 column, expected 2", "tab"]
        ) {
            try $0.write("lines.txt", "red dog\n")
            return ["predict", $0.path("run"), "--task", "alike", "--input", $0.path("lines.txt")]
        },
        .afterARun("predicting pairs for texts", code: 3, says: ["lines.txt:2: found 2 columns, expected 1"])
        {
            try $0.write("lines.txt", "red dog\nred\tdog\n")
            return ["predict", $0.path("run"), "--task", "colour", "--input", $0.path("lines.txt")]
        },
        .afterARun(
            "predicting a table for pairs", code: 3,
            says: ["lines.txt:1: found 3 columns, expected 2", "choose columns of a table with --columns"]
        ) {
            try $0.write("lines.txt", "0\tred dog\tred cat\n")
            return ["predict", $0.path("run"), "--task", "alike", "--input", $0.path("lines.txt")]
        },
        .afterARun(
            "predicting a blank line", code: 3,
            says: ["lines.txt:2: found a blank line, expected 1 column; remove the line"]
        ) {
            try $0.write("lines.txt", "red dog\n\nblue cat\n")
            return ["predict", $0.path("run"), "--task", "colour", "--input", $0.path("lines.txt")]
        },
        .afterARun(
            "predicting CSV without the task's column", code: 3,
            says: ["lines.csv:1: no column 'text' in the header, which has 'red dog'"], ranks: [nil]
        ) {
            try $0.write("lines.csv", "red dog\n")
            return ["predict", $0.path("run"), "--task", "colour", "--input", $0.path("lines.csv")]
        },
        .afterARun(
            "predicting an object without the task's key", code: 3,
            says: ["lines.jsonl:2: no key 'right' in the object, which has 'left'"], ranks: [nil]
        ) {
            try $0.write("lines.jsonl", "{\"left\":\"a\",\"right\":\"b\"}\n{\"left\":\"a\"}\n")
            return ["predict", $0.path("run"), "--task", "alike", "--input", $0.path("lines.jsonl")]
        },
        .afterARun(
            "predicting objects by numbers", code: 2,
            says: ["--columns: found the number 2, but the columns of JSON lines have names"], ranks: [nil]
        ) {
            try $0.write("lines.jsonl", "{\"text\":\"a\"}\n")
            return [
                "predict", $0.path("run"), "--task", "colour", "--columns", "2", "--input",
                $0.path("lines.jsonl"),
            ]
        },
        .afterARun(
            "an unknown format of the input", code: 2,
            says: ["--input-format: unknown format 'xml'", "allowed: csv, jsonl, tsv"], ranks: [nil]
        ) {
            [
                "predict", $0.path("run"), "--task", "colour", "--input", $0.path("colour-dev.tsv"),
                "--input-format", "xml",
            ]
        },
        .afterARun(
            "predicting a column that is not there", code: 3, says: ["lines.txt:1: no column 'sentence'"]
        ) {
            try $0.write("lines.txt", "index\ttext\n0\tred dog\n")
            return [
                "predict", $0.path("run"), "--task", "colour", "--input", $0.path("lines.txt"), "--columns",
                "sentence",
            ]
        },
        .afterARun(
            "predicting a split that is not there", code: 2,
            says: ["colour has no split 'test'", "train, dev"]
        ) { ["predict", $0.path("run"), "--task", "colour", "--split", "test"] },
        .afterARun(
            "a file beside a split", code: 2, says: ["--split names a file of the run's data"],
            mayAlsoSay: ["Usage:", "  See"]
        ) {
            [
                "predict", $0.path("run"), "--task", "colour", "--split", "dev", "--input",
                $0.path("colour-dev.tsv"),
            ]
        },
        .afterARun(
            "probabilities of a number", code: 2,
            says: ["--probabilities: alike predicts a number", "--logits"]
        ) { ["predict", $0.path("run"), "--task", "alike", "--split", "dev", "--probabilities"] },
        .afterARun(
            "predicting in an unknown format", code: 2,
            says: ["--format: unknown format 'jsno'", "did you mean 'json'?"]
        ) { ["predict", $0.path("run"), "--task", "colour", "--split", "dev", "--format", "jsno"] },
        .unfinished("evaluating an unfinished run") { ["evaluate", $0] },
        .unfinished("predicting with an unfinished run") { ["predict", $0, "--task", "colour"] },
        .unfinished("explaining an unfinished run") { ["explain", $0, "--task", "colour"] },
        .unfinished("exporting an unfinished run") {
            ["export", $0, "--task", "colour", "--format", "merged", "--to", "\($0)-merged"]
        },
        .unfinished("comparing an unfinished run") { ["compare", $0] },
        .unfinished("similarity of an unfinished run") { ["similarity", $0] },
        .afterARun(
            "evaluating a folder of runs", code: 2,
            says: ["this is not a run directory; name one of the runs in it: ", "/run"]
        ) { ["evaluate", $0.folder.path] },
        .afterARun("results that are cut short", code: 3, says: ["results.json:", "train --resume "]) {
            try $0.write("run/results.json", "{")
            return ["evaluate", $0.path("run")]
        },
        .afterARun(
            "exporting to an unset variable", code: 2, says: ["the path of the folder to create is empty"]
        ) { ["export", $0.path("run"), "--task", "colour", "--format", "PEFT", "--to", ""] },
        .afterARun(
            "submitting to an unset variable", code: 2, says: ["the path of the folder to create is empty"]
        ) { ["submit", $0.path("run"), "-o", ""] },
        .afterARun("predicting a folder", code: 3, says: ["is a folder, expected a text file"]) {
            ["predict", $0.path("run"), "--task", "colour", "--input", $0.folder.path]
        },
        .afterARun(
            "submitting a run without GLUE tasks", code: 2, says: ["run: the run has no GLUE task"]
        ) { ["submit", $0.path("run"), "--output", $0.path("submission")] },
        .afterARun(
            "explaining another method", code: 2,
            says: ["run: explain needs adapter-bias, but this run trained hadamard", "method: adapter-bias"]
        ) { ["explain", $0.path("run"), "--task", "colour", "--input", $0.study] },
        .afterARun(
            "comparing in an unknown format", code: 2, says: ["--format: unknown value 'jsno'", "'json'"]
        ) { ["compare", $0.path("run"), "--format", "jsno"] },
        .afterARun(
            "similarity of tensors that are not there", code: 2,
            says: ["no tensor's name contains 'lora'", "hadamard.weight"]
        ) { ["similarity", $0.path("run"), "--tensor", "lora"] },
        Mistake(
            "similarity of a folder without a run", code: 2,
            says: ["tiny-bert: this is not a run directory"]
        ) {
            _ in ["similarity", Scene.encoder.path]
        },
        Mistake(
            "similarity of unlike methods", code: 2,
            says: ["other: used lora, but ", "used hadamard", "one method"]
        ) { scene in
            try scene.replace("steps: 40", by: "steps: 2", in: "study.yaml")
            for (run, method) in [("run", "hadamard"), ("other", "lora")] {
                let job = try await EndToEnd.hadamesh(
                    scene.training.dropLast() + [scene.path(run), "--set", "adapter={method: \(method)}"])
                guard job.status == 0 else { throw Failed(job: job) }
            }
            return ["similarity", scene.path("run"), scene.path("other")]
        },
        .afterARun("scoring a split that is not there", code: 2, says: ["has no split 'test'", "train, dev"])
        {
            ["evaluate", $0.path("run"), "--split", "test"]
        },
        Mistake(
            "scoring a split without labels", code: 2,
            says: ["the test split of colour has no labels", "predict --split test"]
        ) { scene in
            try scene.replace(
                "dev: colour-dev.tsv", by: "dev: colour-dev.tsv\n    test: colour-test.tsv", in: "study.yaml")
            try scene.write("colour-test.tsv", "text\nred dog\n")
            let job = try await EndToEnd.hadamesh(scene.training)
            guard job.status == 0 else { throw Failed(job: job) }
            return ["evaluate", scene.path("run"), "--split", "test"]
        },
        .afterARun(
            "scoring an unknown split", code: 2, says: ["unknown split 'tset'", "did you mean 'test'?"]
        ) {
            ["evaluate", $0.path("run"), "--split", "tset"]
        },
    ]

    /// A mistake in a scene with a finished run, which must stay unchanged.
    static func afterARun(
        _ name: String, code: Int32, says: [String], ranks: [Int?] = [nil, 3], mayAlsoSay: [String] = [],
        _ make: @escaping @Sendable (Scene) throws -> [String]
    ) -> Mistake {
        Mistake(name, code: code, says: says, ranks: ranks, mayAlsoSay: mayAlsoSay) { scene in
            try scene.replace("steps: 40", by: "steps: 10", in: "study.yaml")
            let job = try await EndToEnd.hadamesh(scene.training)
            guard job.status == 0 else { throw Failed(job: job) }
            return try make(scene)
        }
    }

    /// A command with a run that was stopped, named by its path.
    static func unfinished(_ name: String, _ command: @escaping @Sendable (String) -> [String])
        -> Mistake
    {
        .afterARun(
            name, code: 2,
            says: ["run: the run has no results yet", "finish it with \(EndToEnd.program) train --resume "]
        ) {
            try FileManager.default.removeItem(atPath: $0.path("run/results.json"))
            return command($0.path("run"))
        }
    }

    /// Training with arguments in the form of other software.
    private static func habit(_ arguments: [String], says: [String]) -> Mistake {
        Mistake(arguments.joined(separator: " "), code: 2, says: says, ranks: [nil]) { scene in
            ["train", scene.study] + arguments
        }
    }

    struct Failed: Error { let job: EndToEnd.Job }
}

extension Scene {
    /// Writes the newest checkpoint again, with an endless number of steps in its sums for the agreement.
    fileprivate func changeAgreement() throws {
        guard let saved = try Checkpoint.newest(in: path("run/checkpoints")).checkpoint else { return }
        let tensors = saved.tensors.map { tensor in
            guard tensor.name == "agreement", case .double(let values) = tensor.values else { return tensor }
            return NamedTensor(
                name: tensor.name, shape: tensor.shape, values: .double([1e300] + values.dropFirst()))
        }
        try Checkpoint(step: saved.step, tensors: tensors, facts: saved.facts(as: JSONValue.self))
            .write(into: path("run/checkpoints"), keep: 2)
    }

    /// Changes two bytes in the middle of every checkpoint, or only of the newest.
    func damageCheckpoints(newestAlone: Bool = false) throws {
        let steps = try FileManager.default.contentsOfDirectory(atPath: path("run/checkpoints"))
            .sorted { $0.localizedStandardCompare($1) == .orderedDescending }
        for step in newestAlone ? Array(steps.prefix(1)) : steps {
            let file = "run/checkpoints/\(step)/state.safetensors"
            var bytes = try read(file)
            bytes[bytes.count / 2] ^= 0xff
            bytes[bytes.count / 2 + 1] ^= 0xff
            try write(file, bytes)
        }
    }
}
