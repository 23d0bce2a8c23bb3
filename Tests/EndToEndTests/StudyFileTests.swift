import Foundation
import Testing

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

        @Test func thereAreStudies() { #expect(Self.studies.contains("smoke.yaml")) }
    }
}
