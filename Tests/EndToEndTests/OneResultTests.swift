import Foundation
import Testing

extension EndToEnd {
    /// Law: the number of ranks, their roles and the libraries' threads do not change one bit of a result.
    @Suite struct OneResultTests {
        struct Way: CustomTestStringConvertible {
            var ranks: Int?
            var arguments: [String] = []
            var environment: [String: String] = [:]
            var testDescription: String {
                (["\(ranks.map { "\($0)" } ?? "no mpirun")"] + arguments
                    + environment.map { "\($0)=\($1)" }.sorted())
                    .joined(separator: " ")
            }
        }

        static let ways =
            (1...4).map { Way(ranks: $0) } + [
                Way(ranks: nil),
                Way(ranks: 3, arguments: ["--set", "coordinator=dedicated"]),
                Way(ranks: 2, environment: ["OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "4"]),
                Way(ranks: nil, environment: ["OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "4"]),
            ]

        @Test func everyWayToRunGivesTheSameBytes() async throws {
            let scene = try Scene()
            var results: [(way: String, adapters: [String: Data])] = []
            for (index, way) in Self.ways.enumerated() {
                let job = try await EndToEnd.hadamesh(
                    ranks: way.ranks,
                    ["train", scene.study, "--output", scene.path("run-\(index)")] + way.arguments,
                    environment: way.environment)
                try #require(job.status == 0, "\(way.testDescription): \(job)")
                results.append((way.testDescription, try scene.adapters("run-\(index)")))
            }
            for result in results {
                #expect(result.adapters == results[0].adapters, "\(result.way) against \(results[0].way)")
            }
        }

        @Test func anotherSeedGivesOtherBytes() async throws {
            let scene = try Scene()
            for seed in [1, 2] {
                let job = try await EndToEnd.hadamesh(
                    ["train", scene.study, "--output", scene.path("run-\(seed)"), "--set", "seed=\(seed)"])
                try #require(job.status == 0, "\(job)")
            }
            #expect(try scene.adapters("run-1") != scene.adapters("run-2"))
        }
    }
}
