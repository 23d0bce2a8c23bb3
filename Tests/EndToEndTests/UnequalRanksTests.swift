import Formats
import Foundation
import Kernels
import Testing

extension EndToEnd {
    /// Ranks with unequal inputs, started by one `mpirun` with two command lines.
    @Suite struct UnequalRanksTests {
        private let scene: Scene

        init() throws {
            scene = try Scene()
            try scene.copyEncoder()
        }

        /// Runs the study on rank 0, and with other arguments or variables on rank 1.
        private func train(
            _ run: String, _ first: [String] = [], other: [String] = [], variables: [String] = []
        ) async throws -> Job {
            let study = ["train", scene.study, "--output", scene.path(run)]
            return try await EndToEnd.hadamesh(
                ranks: 1,
                study + first + [":", "-np", "1", "env"] + variables + [EndToEnd.program] + study + other,
                environment: ["HF_HUB_CACHE": scene.hub])
        }

        /// A difference of rank 1: the beginning of the message, and the function that creates it.
        struct Difference: CustomTestStringConvertible, Sendable {
            let name: String
            var other: [String] = []
            var variables: [String] = []
            var make: @Sendable (Scene) throws -> [String] = { _ in [] }
            var testDescription: String { name }
        }

        /// A copy of the data with changed lines.
        private static func data(_ scene: Scene, _ change: ([Substring]) -> [Substring]) throws -> [String] {
            for file in ["colour-train.tsv", "colour-dev.tsv", "alike-train.tsv", "alike-dev.tsv"] {
                let lines = String(decoding: try scene.read(file), as: UTF8.self).split(separator: "\n")
                let changed =
                    file == "colour-train.tsv" ? [lines[0]] + change(Array(lines.dropFirst())) : lines
                try scene.write("other/\(file)", changed.joined(separator: "\n") + "\n")
            }
            return ["--set", "data=\(scene.path("other"))"]
        }

        /// A damaged copy of the backbone.
        private static func backbone(_ scene: Scene, _ spoil: (String) throws -> Void) throws -> [String] {
            let other = scene.path("other-backbone")
            try FileManager.default.copyItem(atPath: scene.path("backbone"), toPath: other)
            try spoil(other)
            return ["--set", "backbone=\(other)"]
        }

        static let differences = [
            Difference(
                name: "data of colour/train: differs between ranks", make: { try data($0) { $0.reversed() } }),
            Difference(
                name: "data of colour/train: differs between ranks ",
                make: { try data($0) { Array($0.prefix(20)) } }),
            Difference(
                name: "data of colour: differs between ranks",
                make: { scene in
                    try data(scene) { lines in
                        lines.map { $0.hasSuffix("warm") ? $0.dropLast(4) + "cold" : $0.dropLast(4) + "warm" }
                    }
                }),
            Difference(name: "seed: differs between ranks: 42 on rank 0", other: ["--set", "seed=7"]),
            Difference(
                name: "stages.adapter.learningRate: differs between ranks",
                other: ["--set", "stages.adapter.learningRate=1e-3"]),
            Difference(
                name: "cache.megabytes: differs between ranks", other: ["--set", "cache.megabytes=0"]),
            Difference(
                name: "arithmetic: differs between ranks: \"float32\" on rank 0",
                other: ["--set", "arithmetic=bfloat16"]),
            Difference(name: "--resume: differs between ranks", other: ["--resume"]),
            Difference(
                name: "kernels: differs between ranks",
                variables: ["HADAMESH_KERNELS=\(VectorKernels.bits == "sse2" ? "avx2" : "portable")"]),
            Difference(
                name: "backbone.layerNormEpsilon: differs between ranks",
                make: { scene in
                    try backbone(scene) { folder in
                        let text = try String(contentsOfFile: "\(folder)/config.json", encoding: .utf8)
                        let changed = text.replacingOccurrences(of: "1e-12", with: "1e-6")
                        try #require(changed != text)
                        try Data(changed.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
                    }
                }),
            Difference(
                name: "backbone.checksum: differs between ranks",
                make: { scene in
                    let other = try backbone(scene) { _ in }
                    try scene.changeTensors { name, values in
                        name.hasSuffix("query.bias") ? ([values.count], values.map { $0 + 1 }) : nil
                    }
                    return other
                }),
        ]

        @Test("A difference is named, with ranks and nodes, before the first step", arguments: differences)
        func areRefused(_ difference: Difference) async throws {
            let more = try difference.make(scene)
            let job = try await train("run", other: difference.other + more, variables: difference.variables)
            #expect(job.status == 3, "\(job)")
            #expect(job.failures.count == 1, "\(job)")
            let message = String(job.failures.first ?? "")
            #expect(message.contains(difference.name.trimmingCharacters(in: .whitespaces)), "\(message)")
            #expect(message.contains("on rank 0 (") && message.contains("on rank 1 ("), "\(message)")
            // No file is left that would hinder the corrected command.
            for trace in ["journal.jsonl", "manifest.json", "study.yaml"] {
                #expect(!scene.exists("run/\(trace)"), "\(trace)")
            }
        }

        @Test(
            "The ranks of a sweep read the same inputs, though each trial has its own ranks",
            arguments: differences.filter { $0.name.hasPrefix("data") || $0.name.hasPrefix("backbone") })
        func ofASweepAreRefused(_ difference: Difference) async throws {
            try scene.write(
                "sweep.yaml", "base: study.yaml\nparameters:\n  stages.adapter.steps: { values: [2, 3] }\n")
            // All ranks have rank 0's study. A relative path in it leads each to other files.
            let change = try difference.make(scene)[1].split(separator: "=", maxSplits: 1).map(String.init)
            for folder in ["one", "two"] {
                try FileManager.default.createDirectory(
                    atPath: scene.path(folder), withIntermediateDirectories: false)
                for (name, own) in [("data", scene.folder.path), ("backbone", scene.path("backbone"))] {
                    try FileManager.default.createSymbolicLink(
                        atPath: scene.path("\(folder)/\(name)"),
                        withDestinationPath: folder == "two" && name == change[0] ? change[1] : own)
                }
            }
            let sweep = [
                "sweep", scene.path("sweep.yaml"), "--output", scene.path("swept"), "--set", "data=data",
                "--set", "backbone=backbone",
            ]
            let job = try await EndToEnd.hadamesh(
                ranks: 1,
                sweep + [":", "-np", "1", "env", "-C", scene.path("two"), EndToEnd.program] + sweep,
                prelude: "cd \(scene.path("one"))")
            #expect(job.status == 3 && job.failures.count == 1, "\(job)")
            // Texts are compared as they are read, so that the table of trials names the difference.
            let name = difference.name.trimmingCharacters(in: .whitespaces)
            #expect((job.output + job.errors).contains(name), "\(job)")
            #expect(!scene.exists("swept/trials"))
        }

        /// Each rank finds a model's revision in its own cache.
        @Test func revisionsOfAModelDoNotMix() async throws {
            try scene.cacheEncoder(as: "org/tiny", commit: "a1")
            try scene.changeTensors { name, values in
                name.hasSuffix("query.bias") ? ([values.count], values.map { $0 + 1 }) : nil
            }
            try scene.cacheEncoder(as: "org/tiny", commit: "b2", in: "other")
            let named = ["--set", "backbone=hf:org/tiny"]
            for (place, message) in [
                ("other", "backbone.checksum: differs between ranks"),
                ("nowhere", "backbone: hf:org/tiny is not in the Hugging Face cache"),
            ] {
                let job = try await train(
                    "run", named, other: named, variables: ["HF_HUB_CACHE=\(scene.path(place))"])
                #expect(job.status == 3 && job.failures.count == 1, "\(job)")
                #expect(job.failures.first?.contains(message) == true, "\(job)")
                #expect(!scene.exists("run/manifest.json"))
            }
        }

        /// A cluster of two processor generations computes the same result.
        @Test(
            .enabled(
                if: VectorKernels.choices.contains("avx2") && VectorKernels.bits == "fma",
                "this processor has no AVX2"))
        func kernelsAndLibrariesOfTheSameBitsMix() async throws {
            let alone = try await EndToEnd.hadamesh(["train", scene.study, "--output", scene.path("alone")])
            try #require(alone.status == 0, "\(alone)")
            let mixtures = [["HADAMESH_KERNELS=avx2"], ["OPENBLAS_CORETYPE=Prescott"]]
            for (index, variables) in mixtures.enumerated() {
                let job = try await train("run-\(index)", variables: variables)
                #expect(job.status == 0, "\(job)")
                #expect(try scene.adapters("run-\(index)") == scene.adapters("alone"), "\(variables)")
            }
            let manifest = try JSONValue(parsing: scene.read("run-0/manifest.json"), at: "manifest")
            let node = manifest["starts"]?[0]?["nodes"]?[0]
            #expect(node?["ranks"] == 2)
            #expect(node?["kernels"]?.array?.contains("avx2") == true)
        }

        private static let rounded = ["--set", "arithmetic=bfloat16"]

        /// AMX adds in another order than the kernels that emulate AVX512_BF16.
        @Test(.enabled(if: RoundedKernels.bits == "tiles", "this processor has no AMX"))
        func roundedProductsOfAnotherOrderAreRefused() async throws {
            let job = try await train(
                "run", Self.rounded, other: Self.rounded, variables: ["HADAMESH_KERNELS=avx2"])
            #expect(job.status == 3 && job.failures.count == 1, "\(job)")
            let expected = "kernels: differs between ranks: fma and bfloat16-tiles on rank 0"
            #expect(job.errors.contains(expected), "\(job)")
            #expect(job.errors.contains("set HADAMESH_KERNELS on all ranks"), "\(job)")
        }

        @Test(.enabled(if: VectorKernels.choices.contains("avx2"), "this processor has no AVX2"))
        func emulatedRoundedProductsMix() async throws {
            let first = VectorKernels.choices.contains("avx512bf16") ? "avx512bf16" : "avx2"
            let alone = try await EndToEnd.hadamesh(
                ["train", scene.study, "--output", scene.path("alone")] + Self.rounded,
                environment: ["HADAMESH_KERNELS": first])
            try #require(alone.status == 0, "\(alone)")
            let study = ["train", scene.study, "--output", scene.path("run")] + Self.rounded
            let job = try await EndToEnd.hadamesh(
                ranks: 1,
                study + [":", "-np", "1", "env", "HADAMESH_KERNELS=avx2", EndToEnd.program] + study,
                environment: ["HADAMESH_KERNELS": first])
            try #require(job.status == 0, "\(job)")
            #expect(try scene.adapters("run") == scene.adapters("alone"))
        }

        @Test func ranksThatEvaluateAreHeldToTheSame() async throws {
            let made = try await EndToEnd.hadamesh(["train", scene.study, "--output", scene.path("run")])
            try #require(made.status == 0, "\(made)")
            let other = try Self.data(scene) { Array($0.dropLast(2)) }[1].dropFirst("data=".count)
            let job = try await EndToEnd.hadamesh(
                ranks: 1,
                ["evaluate", scene.path("run"), ":", "-np", "1", EndToEnd.program, "evaluate"]
                    + [scene.path("run"), "--data", String(other)])
            #expect(job.status == 3 && job.failures.count == 1, "\(job)")
            #expect(job.errors.contains("data of colour/train: differs between ranks"), "\(job)")
        }

        @Test func ranksThatPredictAreHeldToTheSameAdapter() async throws {
            let made = try await EndToEnd.hadamesh(["train", scene.study, "--output", scene.path("run")])
            try #require(made.status == 0, "\(made)")
            try FileManager.default.copyItem(atPath: scene.path("run"), toPath: scene.path("other"))
            let adapter = "other/adapters/colour/adapter_model.safetensors"
            var bytes = try scene.read(adapter)
            bytes[bytes.count - 4] ^= 1
            try scene.write(adapter, bytes)
            try scene.write("texts", "red dog\nblue cat\n")
            func predict(_ run: String) -> [String] {
                ["predict", scene.path(run), "--task", "colour", "--input", scene.path("texts")]
            }
            for other in ["run", "other"] {
                let job = try await EndToEnd.hadamesh(
                    ranks: 1, predict("run") + [":", "-np", "1", EndToEnd.program] + predict(other))
                if other == "run" {
                    #expect(job.status == 0 && job.output.split(separator: "\n").count == 2, "\(job)")
                } else {
                    #expect(job.status == 3 && job.failures.count == 1 && job.output.isEmpty, "\(job)")
                    let expected = "hadamesh: parameters: differs between ranks: checksum "
                    #expect(job.errors.contains(expected), "\(job)")
                }
            }
        }
    }
}
