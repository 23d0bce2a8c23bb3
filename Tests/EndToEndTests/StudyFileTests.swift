import Foundation
import Testing
import hadamesh

extension EndToEnd {
    /// The studies in `launch/studies` contain only known keys.
    @Suite struct StudyFileTests {
        private static let folder = EndToEnd.package.appendingPathComponent("launch/studies")

        static let studies =
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
            .filter { $0.hasSuffix(".yaml") }.sorted()

        @Test(arguments: studies) func onlyTheDataIsMissing(study: String) async throws {
            let scene = try Scene()
            let job = try await EndToEnd.hadamesh([
                "doctor", Self.folder.appendingPathComponent(study).path, "--set",
                "backbone=\(Scene.encoder.path)", "--set", "data=\(scene.path("nothing"))", "--set",
                "maximumTokens=24",
            ])
            #expect(job.status == 3, "\(job)")
            #expect(job.failures.count == 1)
            #expect(job.failures.first?.contains(".tsv: there is no such file") == true, "\(job)")
        }

        /// The README refers readers to this file for every key.
        @Test func theExplainedStudyHasEveryKey() async throws {
            func keys(_ text: String) -> Set<String> {
                Set(text.matches(of: #/([A-Za-z]+):\s/#).map { String($0.1) })
            }
            let scene = try Scene()
            let job = try await EndToEnd.hadamesh([
                "train", scene.study, "--set",
                "cache={directory: \(scene.folder.path), features: \(scene.path("f"))}",
                "--output", scene.path("run"),
            ])
            #expect(job.status == 0, "\(job)")
            // The run directory contains the study with all defaults filled in.
            let resolved = keys(String(decoding: try scene.read("run/study.yaml"), as: UTF8.self))
            let explained = keys(
                try String(contentsOf: Self.folder.appendingPathComponent("own-task.yaml"), encoding: .utf8))
            #expect(
                resolved.isSuperset(of: ["cache", "features", "megabytes", "seed", "warmup"]), "\(resolved)")
            #expect(resolved.subtracting(explained) == [])
        }

        /// Changes of the method, and the settings that the former method had for itself.
        static let switches: [(changes: [String], note: String?)] = [
            (["adapter=hut"], "dropped adapter.rank, adapter.start, which the study file has"),
            (["adapter=lora", "adapter.rank=2"], "dropped adapter.start, which the study file has"),
            (["adapter=[lora]"], nil), (["sampler=uniform", "sampler.draw=random"], nil),
            (
                ["adapter.method=hadamard"],
                "dropped adapter.rank, adapter.start, which lora has and hadamard does not take"
            ),
            // A value that only the former method allows.
            (
                ["adapter.method=houlsby"],
                "dropped adapter.rank, adapter.start, which lora has and houlsby does not take"
            ),
            (
                ["adapter.method=hut"],
                "dropped adapter.start, which lora has and hut does not take"
            ),
        ]

        @Test(arguments: switches)
        func aChangeOfTheMethodDropsItsOwnSettings(changes: [String], note: String?) async throws {
            let scene = try Scene()
            try scene.write(
                "study.yaml",
                String(decoding: try scene.read("study.yaml"), as: UTF8.self)
                    + "\nadapter: { method: lora, rank: 2, start: standard }\n")
            let job = try await EndToEnd.hadamesh(
                ["doctor", scene.study] + changes.flatMap { ["--set", $0] })
            let notes = job.errorLines.filter { $0.hasPrefix("--set") }
            #expect(notes == (note.map { ["--set \(changes[0]): \($0)"] } ?? []), "\(job)")
            #expect(job.failures.isEmpty, "\(job)")
        }

        @Test func allUnknownKeysAreTold() async throws {
            let scene = try Scene()
            let study = String(decoding: try scene.read("study.yaml"), as: UTF8.self)
            try scene.write("study.yaml", "learning_rate: 1e-3\nsed: 2\n" + study)
            let job = try await EndToEnd.hadamesh(ranks: 2, ["doctor", scene.study, "--set", "lr=1e-3"])
            #expect(
                job.errorLines.filter { $0.contains("unknown key") } == [
                    "hadamesh: \(scene.study):1: unknown key 'learning_rate'; "
                        + "the key is stages.adapter.learningRate",
                    "--set lr: unknown key 'lr'; the key is stages.adapter.learningRate",
                    "\(scene.study):2: unknown key 'sed'; did you mean 'seed'?",
                ], "\(job)")
            try scene.write("sweep.yaml", "bse: study.yaml\nparamters: {}\n")
            let sweep = try await EndToEnd.hadamesh([
                "sweep", scene.path("sweep.yaml"), "--output", scene.path("sweep"),
            ])
            #expect(
                sweep.errorLines == [
                    "hadamesh: \(scene.path("sweep.yaml")):1: unknown key 'bse'; did you mean 'base'?",
                    "\(scene.path("sweep.yaml")):2: unknown key 'paramters'; did you mean 'parameters'?",
                ], "\(sweep)")
        }

        /// A rule that compares no gradients refuses what is said of the comparison.
        @Test func aChangeOfTheRuleDropsItsComparison() throws {
            let scene = try Scene()
            try scene.write(
                "study.yaml",
                String(decoding: try scene.read("study.yaml"), as: UTF8.self)
                    + "\ncombination: { rule: pcgrad, over: layer, smoothing: 0.1 }\n")
            let file = try StudyFile(path: scene.study, overrides: ["combination.rule=sum"])
            #expect(
                file.notes == [
                    "--set combination.rule=sum: dropped combination.over, combination.smoothing, "
                        + "which pcgrad has and sum does not take"
                ])
            #expect(try StudyFile.text(of: file.study()).contains(" smoothing: 0\n"))
            let other = try StudyFile(path: scene.study, overrides: ["combination.rule=mgda"])
            #expect(
                try other.notes.isEmpty && StudyFile.text(of: other.study()).contains(" smoothing: 0.1\n"))
        }

        /// Windows editors begin a file with a byte order mark and end lines with a carriage return.
        @Test func aStudyOfAWindowsEditorIsRead() async throws {
            let scene = try Scene()
            let study = String(decoding: try scene.read("study.yaml"), as: UTF8.self)
            try scene.write("study.yaml", "\u{FEFF}" + study.replacing("\n", with: "\r\n"))
            let job = try await EndToEnd.hadamesh(["doctor", scene.study])
            #expect(job.status == 0, "\(job)")
        }

        /// JSON has every key in quotes, and YAML reads some keys as numbers or truth values.
        @Test func aKeyIsATextHoweverItIsWritten() async throws {
            let scene = try Scene()
            try scene.replace("name: alike", by: "name: 'on'", in: "study.yaml")
            try scene.replace("name: colour", by: "name: name", in: "study.yaml")
            try scene.replace(
                "{ 0-1: all, 2: private }", by: "{ \"0-1\": all, \"2\": private }", in: "study.yaml")
            let changes = [
                "combination.weights={ name: 3, \"on\": 1 }",
                "sampler={ name: weighted, weights: { 'on': 1, name: 2 } }",
            ]
            let job = try await EndToEnd.hadamesh(
                ["doctor", scene.study] + changes.flatMap { ["--set", $0] })
            #expect(job.status == 0, "\(job)")
            let twice = try await EndToEnd.hadamesh([
                "doctor", scene.study, "--set", "combination.weights={ 'on': 1, on: 2 }",
            ])
            #expect(twice.status == 2 && twice.errors.contains("duplicate key 'on'"), "\(twice)")
        }

        @Test func thereAreStudies() { #expect(Self.studies.contains("smoke.yaml")) }
    }
}
