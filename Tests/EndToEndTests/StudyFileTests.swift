import Foundation
import Testing

extension EndToEnd {
    /// The studies in `launch/studies` have no key that the program does not know.
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

        @Test func thereAreStudies() { #expect(Self.studies.contains("smoke.yaml")) }
    }
}
