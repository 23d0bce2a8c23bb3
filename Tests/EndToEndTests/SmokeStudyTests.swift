import Foundation
import Testing

extension EndToEnd {
    /// `launch/studies/smoke.yaml` on a real encoder and GLUE data, if the environment names them.
    @Suite struct SmokeStudyTests {
        private static let backbone = ProcessInfo.processInfo.environment["HADAMESH_BACKBONE"]
        private static let data = ProcessInfo.processInfo.environment["HADAMESH_GLUE"]

        @Test(
            .enabled(if: backbone != nil && data != nil, "HADAMESH_BACKBONE and HADAMESH_GLUE are not set"))
        func everyWayToRunGivesTheSameBytes() async throws {
            let scene = try Scene()
            let study = EndToEnd.package.appendingPathComponent("launch/studies/smoke.yaml").path
            // Evaluated on a few training examples: this test compares bytes, not scores.
            let settings = [
                "backbone=\(Self.backbone ?? "")", "data=\(Self.data ?? "")", "stages.head.steps=2",
                "stages.adapter.steps=3", "evaluation.heldOut=0.005", "maximumTokens=32",
            ]
            // A file size limit in megabytes below the size of the weights, so that shared memory is refused
            // too.
            let ways: [(ranks: Int?, coordinator: String, environment: [String: String], megabytes: Int?)] = [
                (1, "computes", [:], nil), (2, "computes", ["OPENBLAS_NUM_THREADS": "2"], nil),
                (3, "computes", [:], nil), (4, "computes", [:], nil), (3, "dedicated", [:], nil),
                (nil, "computes", [:], 40), (2, "computes", [:], 40),
            ]
            var results: [[String: Data]] = []
            for (index, way) in ways.enumerated() {
                let run = "run-\(index)"
                let job = try await EndToEnd.hadamesh(
                    ranks: way.ranks,
                    ["train", study, "--output", scene.path(run)]
                        + (settings + ["coordinator=\(way.coordinator)"]).flatMap { ["--set", $0] },
                    environment: way.environment,
                    prelude: way.megabytes.map { "ulimit -f \($0 << 10)" })
                try #require(job.status == 0, "\(job)")
                let refusals = job.errorLines.filter {
                    $0.hasPrefix("warning: frozen weights are not prepacked")
                        && $0.contains("on 1 of 1 node: File too large")
                }
                #expect(refusals.count == (way.megabytes == nil ? 0 : 1), "\(job)")
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
