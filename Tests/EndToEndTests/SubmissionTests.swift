import Foundation
import Testing

extension EndToEnd {
    /// `hadamesh submit` on two runs of GLUE tasks, with test files of the official sizes.
    @Suite struct SubmissionTests {
        /// The answers that each official file may have, and their number.
        private static let files: [String: (count: Int, answers: Set<String>)] = [
            "CoLA.tsv": (1063, ["0", "1"]), "SST-2.tsv": (1821, ["1"]), "MRPC.tsv": (1725, ["1"]),
            "STS-B.tsv": (1379, []), "QQP.tsv": (390_965, ["0"]),
            "MNLI-m.tsv": (9796, ["contradiction", "entailment", "neutral"]),
            "MNLI-mm.tsv": (9847, ["contradiction", "entailment", "neutral"]),
            "QNLI.tsv": (5463, ["entailment", "not_entailment"]), "RTE.tsv": (3000, ["entailment"]),
            "WNLI.tsv": (146, ["0"]), "AX.tsv": (1104, ["contradiction", "entailment", "neutral"]),
        ]

        private static let words = ["red dog", "blue cat", "green fish", "day and night", "tree under cloud"]

        /// A file of pairs or of single texts, with a label in each line unless it is for a test.
        private func table(_ count: Int, pairs: Bool, label: (name: String, values: [String])? = nil)
            -> String
        {
            let texts = pairs ? ["sentence1", "sentence2"] : ["sentence"]
            let header = ["index"] + texts + [label?.name].compactMap(\.self)
            let rows = (0..<count).map { index in
                let first = Self.words[index % 5], second = Self.words[index / 5 % 5]
                return ["\(index)", first] + (pairs ? [second] : [])
                    + (label.map { [$0.values[index % $0.values.count]] } ?? [])
            }
            return ([header] + rows).map { $0.joined(separator: "\t") + "\n" }.joined()
        }

        /// A file of QNLI.
        private func questions(_ count: Int, labels: [String]? = nil) -> String {
            table(count, pairs: true, label: labels.map { (name: "label", values: $0) })
                .replacing("sentence1\tsentence2", with: "question\tsentence")
        }

        /// A file of MNLI: rows have parses beside the texts, and in labelled files the annotators' labels.
        private func inferences(_ count: Int, labels: [String]? = nil, annotators: Int = 1) -> String {
            let annotations =
                ["promptID", "pairID", "genre"]
                + ["binary_parse", "parse"].flatMap { parse in [1, 2].map { "sentence\($0)_\(parse)" } }
            let columns = labels == nil ? [] : (1...annotators).map { "label\($0)" } + ["gold_label"]
            let header = ["index"] + annotations + ["sentence1", "sentence2"] + columns
            let rows = (0..<count).map { index in
                let first = Self.words[index % 5], second = Self.words[index / 5 % 5]
                return [
                    "\(index)", "7", "7e", "fiction", "( \(first) )", "( \(second) )", "(ROOT)", "(ROOT)",
                ]
                    + [first, second] + columns.compactMap { _ in labels.map { $0[index % $0.count] } }
            }
            return ([header] + rows).map { $0.joined(separator: "\t") + "\n" }.joined()
        }

        /// Two finished runs, `first` of cola and stsb, `second` of mnli and qnli.
        private func trained() async throws -> Scene {
            let scene = try Scene()
            let cola = (0..<30).map { "a\t\($0 % 2)\t\t\(Self.words[$0 % 5])\n" }.joined()
            let scores = (name: "score", values: ["0.5", "2.25", "4.0"])
            let inference = ["neutral", "entailment", "contradiction"]
            let data = [
                "CoLA/train": cola, "CoLA/dev": cola, "CoLA/test": table(1063, pairs: false),
                "STS-B/train": table(30, pairs: true, label: scores),
                "STS-B/dev": table(30, pairs: true, label: scores), "STS-B/test": table(1379, pairs: true),
                "MNLI/train": inferences(30, labels: inference),
                "MNLI/dev_matched": inferences(30, labels: inference, annotators: 5),
                "MNLI/dev_mismatched": inferences(30, labels: inference, annotators: 5),
                "MNLI/test_matched": inferences(9796), "MNLI/test_mismatched": inferences(9847),
                "diagnostic/diagnostic": table(1104, pairs: true),
                "QNLI/train": questions(30, labels: ["entailment", "not_entailment"]),
                "QNLI/dev": questions(30, labels: ["entailment", "not_entailment"]),
                "QNLI/test": questions(5463),
            ]
            for (name, text) in data { try scene.write("glue/\(name).tsv", text) }
            for (run, tasks) in [("first", "[cola, stsb]"), ("second", "[mnli, qnli]")] {
                try scene.write(
                    "\(run).yaml",
                    """
                    backbone: \(Scene.encoder.path)
                    data: \(scene.path("glue"))
                    tasks: \(tasks)
                    stages:
                      head: { steps: 8, learningRate: 1e-2 }
                      adapter: { steps: 4, learningRate: 3e-3 }
                    batch: { examples: 16, microBatch: 4 }
                    maximumTokens: 24

                    """)
                let job = try await EndToEnd.hadamesh([
                    "train", scene.path("\(run).yaml"), "--output", scene.path(run),
                ])
                try #require(job.status == 0, "\(job)")
            }
            return scene
        }

        private func answers(_ scene: Scene, _ name: String) throws -> [String] {
            let lines = String(decoding: try scene.read(name), as: UTF8.self).components(separatedBy: "\n")
            #expect(lines.first == "index\tprediction" && lines.last == "", "\(name)")
            let cells = lines.dropFirst().dropLast().map { $0.components(separatedBy: "\t") }
            #expect(cells.map(\.first) == cells.indices.map { "\($0 - cells.startIndex)" }, "\(name)")
            return cells.map { $0.dropFirst().joined(separator: "\t") }
        }

        @Test func theFilesHaveTheOfficialForm() async throws {
            let scene = try await trained()
            let runs = [scene.path("first"), scene.path("second")]
            let submit = ["submit"] + runs + ["--output"]
            let job = try await EndToEnd.hadamesh(submit + [scene.path("out")])
            #expect(job.status == 0 && job.output == "wrote \(scene.path("out"))/submission.zip\n", "\(job)")
            let constants = "sst2 1, mrpc 1, qqp 0, rte entailment, wnli 0"
            #expect(job.errors.contains("no run trained these tasks"), "\(job)")
            #expect(job.errors.contains(constants), "\(job)")
            for (name, form) in Self.files {
                let found = try answers(scene, "out/\(name)")
                #expect(found.count == form.count, "\(name)")
                if name == "STS-B.tsv" {
                    #expect(found.allSatisfy { $0.wholeMatch(of: /[0-4]\.\d{3}|5\.000/) != nil })
                } else {
                    #expect(form.answers.isSuperset(of: found), "\(name)")
                }
            }
            // The answers are those of predict, by the files' values.
            let names = try await EndToEnd.hadamesh(["predict", runs[0], "--task", "cola", "--split", "test"])
            let values = ["unacceptable": "0", "acceptable": "1"]
            #expect(
                try names.output.split(separator: "\n").map { values[String($0)] }
                    == answers(scene, "out/CoLA.tsv"))
            for (file, task, split) in [
                ("MNLI-mm", "mnli", "test_mismatched"), ("AX", "mnli", "diagnostic"),
                ("QNLI", "qnli", "test"),
            ] {
                let labels = try await EndToEnd.hadamesh([
                    "predict", runs[1], "--task", task, "--split", split,
                ])
                #expect(
                    try labels.output.split(separator: "\n").map(String.init)
                        == answers(scene, "out/\(file).tsv"))
            }

            let script = """
                import sys, zipfile
                archive = zipfile.ZipFile(sys.argv[1] + "/submission.zip")
                assert archive.testzip() is None
                for name in archive.namelist():
                    assert archive.read(name) == open(sys.argv[1] + "/" + name, "rb").read()
                print(*sorted(archive.namelist()))
                """
            let zip = try await EndToEnd.run(["python3", "-c", script, scene.path("out")])
            #expect(zip.output == Self.files.keys.sorted().joined(separator: " ") + "\n", "\(zip)")

            // Moved data, and several ranks, give the same bytes.
            try FileManager.default.moveItem(atPath: scene.path("glue"), toPath: scene.path("moved"))
            let again = try await EndToEnd.hadamesh(
                ranks: 3, submit + [scene.path("again"), "--data", scene.path("moved")])
            #expect(again.status == 0, "\(again)")
            #expect(try scene.read("again/submission.zip") == scene.read("out/submission.zip"))
        }

        @Test func aMergedRunAnswersAllTasksOfItsSources() async throws {
            let scene = try await trained()
            let merged = scene.path("merged")
            let merge = try await EndToEnd.hadamesh([
                "merge", scene.path("first"), scene.path("second"), "--rule", "average", "--output", merged,
            ])
            try #require(merge.status == 0, "\(merge)")
            let job = try await EndToEnd.hadamesh(["submit", merged, "--output", scene.path("out")])
            #expect(job.status == 0, "\(job)")
            #expect(
                job.errors.contains("all examples: sst2 1, mrpc 1, qqp 0, rte entailment, wnli 0"), "\(job)")
            for (name, form) in Self.files {
                #expect(try answers(scene, "out/\(name)").count == form.count, "\(name)")
            }
            let scores = try await EndToEnd.hadamesh(["predict", merged, "--task", "stsb", "--split", "test"])
            let expected = scores.output.split(separator: "\n").compactMap { Double($0) }
            #expect(
                try answers(scene, "out/STS-B.tsv") == expected.map { String(format: "%.3f", $0) })
        }

        @Test func whatGLUEWouldRefuseIsRefused() async throws {
            let scene = try await trained()
            let (first, out) = (scene.path("first"), scene.path("out"))
            func refuses(_ arguments: [String], _ code: Int32, _ says: String...) async throws {
                let job = try await EndToEnd.hadamesh(["submit"] + arguments)
                #expect(job.status == code && job.failures.count == 1, "\(job)")
                for words in says { #expect(job.failures.first?.contains(words) == true, "\(job)") }
                #expect(!scene.exists("out"))
            }
            try await refuses(
                [first, scene.path("second"), first, "--output", out], 2,
                "\(first) and \(first) both trained cola")
            try await refuses([first, "--output", scene.path("glue")], 2, "glue: already exists")
            try scene.write("glue/STS-B/test.tsv", table(1378, pairs: true))
            try await refuses(
                [first, "--output", out], 3, "STS-B/test.tsv: found 1378 examples, GLUE's file has 1379",
                "--tasks stsb")
            try FileManager.default.removeItem(atPath: scene.path("glue/diagnostic"))
            try await refuses(
                [scene.path("second"), "--output", out], 3, "glue: found no diagnostic/diagnostic.tsv",
                "--tasks ax")
            try FileManager.default.removeItem(atPath: scene.path("first/results.json"))
            try await refuses([first, "--output", out], 2, "first: the run has no results yet")
        }
    }
}
