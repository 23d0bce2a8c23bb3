import Foundation
import Testing

extension EndToEnd {
    /// `launch/studies/smoke.yaml` on a real encoder and real GLUE data, where the environment names them.
    @Suite struct SmokeStudyTests {
        private static let backbone = ProcessInfo.processInfo.environment["HADAMESH_BACKBONE"]
        private static let data = ProcessInfo.processInfo.environment["HADAMESH_GLUE"]

        @Test(
            .enabled(if: backbone != nil && data != nil, "HADAMESH_BACKBONE and HADAMESH_GLUE are not set"))
        func everyWayToRunGivesTheSameBytes() async throws {
            let scene = try Scene()
            let study = EndToEnd.package.appendingPathComponent("launch/studies/smoke.yaml").path
            // Scored on a few of the training examples: this is about bytes, not about scores.
            let settings = [
                "backbone=\(Self.backbone ?? "")", "data=\(Self.data ?? "")", "stages.head.steps=2",
                "stages.adapter.steps=3", "evaluation.heldOut=0.005", "maximumTokens=32",
            ]
            let ways: [(ranks: Int?, coordinator: String, environment: [String: String])] = [
                (1, "computes", [:]), (2, "computes", ["OPENBLAS_NUM_THREADS": "2"]), (3, "computes", [:]),
                (4, "computes", [:]), (3, "dedicated", [:]),
            ]
            var results: [[String: Data]] = []
            for (index, way) in ways.enumerated() {
                let run = "run-\(index)"
                let job = try await EndToEnd.hadamesh(
                    ranks: way.ranks,
                    ["train", study, "--output", scene.path(run)]
                        + (settings + ["coordinator=\(way.coordinator)"]).flatMap { ["--set", $0] },
                    environment: way.environment)
                try #require(job.status == 0, "\(job)")
                results.append(
                    Dictionary(
                        uniqueKeysWithValues: try ["mrpc", "rte", "stsb"].map {
                            ($0, try scene.read("\(run)/adapters/\($0)/adapter_model.safetensors"))
                        }))
            }
            for (index, result) in results.enumerated() {
                #expect(result == results[0], "\(ways[index]) against \(ways[0])")
            }
        }
    }
}
