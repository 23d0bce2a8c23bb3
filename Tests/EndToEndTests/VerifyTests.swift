import Formats
import Foundation
import Testing

extension EndToEnd {
    /// A finished run whose last steps are computed again.
    @Suite struct VerifyTests {
        private func verify(
            ranks: Int? = nil, _ scene: Scene, _ more: [String] = [], environment: [String: String] = [:]
        ) async throws -> Job {
            try await EndToEnd.hadamesh(
                ranks: ranks, ["verify", scene.path("run"), "--quiet"] + more, environment: environment)
        }

        /// Takes away the permission to write in a folder during `body`.
        private static func withReadOnly<Value>(_ folder: String, _ body: () async throws -> Value)
            async throws -> Value
        {
            func set(_ isWritable: Bool) throws {
                let names = [""] + (try FileManager.default.subpathsOfDirectory(atPath: folder))
                for name in names {
                    let path = "\(folder)/\(name)"
                    let isFolder = (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
                    let mode = (isFolder ? 0o555 : 0o444) | (isWritable ? 0o200 : 0)
                    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                }
            }
            try set(false)
            let value = try await body()
            try set(true)
            return value
        }

        @Test func equalBitsAreCertifiedAndAChangedBitOrInputIsFound() async throws {
            let scene = try Scene()
            let run = try await EndToEnd.hadamesh(
                scene.training + ["--quiet", "--set", "stages.adapter.steps=12"])
            try #require(run.status == 0, "\(run)")

            let equal = try await verify(ranks: 2, scene, ["--output", scene.path("certificate.json")])
            #expect(equal.status == 0 && equal.output.hasPrefix("equal: steps 16 to 20 "), "\(equal)")
            let certificate = try JSONValue(
                parsing: scene.read("certificate.json"), at: "certificate.json")
            #expect(certificate["equal"] == true && certificate["ranks"]?.int == 2)
            #expect(certificate["span"]?["from"]?.int == 15 && certificate["span"]?["to"]?.int == 20)
            #expect(certificate["adapters"]?["colour"]?["checksum"]?.string?.isEmpty == false)
            let whole = try await verify(scene, ["--whole"])
            #expect(whole.status == 0 && whole.output.hasPrefix("equal: steps 1 to 20 "), "\(whole)")

            // A run that nobody may change, as in an archive; nothing of the repetition is left.
            try scene.write("scratch/file", "")
            let archived = try await Self.withReadOnly(scene.path("run")) {
                try await verify(scene, environment: ["TMPDIR": scene.path("scratch")])
            }
            #expect(archived.status == 0 && archived.output.hasPrefix("equal: "), "\(archived)")
            let left = try FileManager.default.contentsOfDirectory(atPath: scene.path("scratch"))
            #expect(!left.contains { $0.hasPrefix("hadamesh") }, "\(left)")

            // Results and settings that say other than the run has done, and a start that is damaged.
            for (file, part, other, says) in [
                ("adapters/colour/adapter_config.json", "\"warm\"", "\"hot\"", "adapter_config.json"),
                ("results.json", "\"adapterPerTask\": ", "\"adapterPerTask\": 1", "results.json"),
                ("results.json", "\"steps\": 20", "\"steps\": 19", "results.json"),
                (
                    "checkpoints/step-15/checkpoint.json", "\"bytes\": ", "\"bytes\": 1",
                    "run/checkpoints/step-15/"
                ),
            ] {
                let before = try scene.read("run/\(file)")
                try scene.replace(part, by: other, in: "run/\(file)")
                let edited = try await verify(scene)
                #expect(edited.status == 3 && "\(edited)".contains(says), "\(part): \(edited)")
                try scene.write("run/\(file)", before)
            }
            let nowhere = try await verify(scene, ["--output", scene.path("nowhere/certificate.json")])
            #expect(nowhere.status == 2 && !nowhere.output.contains("equal"), "\(nowhere)")

            // A missing state is equal to nothing.
            let last = scene.path("run/checkpoints/step-20")
            try FileManager.default.moveItem(atPath: last, toPath: scene.path("moved"))
            let missing = try await verify(scene)
            #expect(missing.status == 3 && missing.failures.first?.contains("step-20") == true, "\(missing)")
            try FileManager.default.moveItem(atPath: scene.path("moved"), toPath: last)

            let adapter = "run/adapters/alike/adapter_model.safetensors"
            var bytes = try scene.read(adapter)
            bytes[bytes.count - 1] ^= 1
            try scene.write(adapter, bytes)
            let changed = try await verify(scene)
            #expect(changed.status == 3, "\(changed)")
            #expect(
                changed.output.contains("differ in adapters/alike/adapter_model.safetensors\n"), "\(changed)")

            try scene.replaceLine(3, by: "cat and dog\twarm", in: "colour-train.tsv")
            let other = try await verify(scene)
            #expect(other.status == 3, "\(other)")
            #expect(other.failures.first?.contains("the data of colour changed") == true, "\(other)")
        }
    }
}
