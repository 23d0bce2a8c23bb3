import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

extension EndToEnd {
    /// The number of ranks, their roles and the libraries' threads do not change a bit of the result.
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

        @Test(arguments: ["float32", "bfloat16"]) func everyWayToRunGivesTheSameBytes(
            arithmetic: String
        ) async throws {
            let scene = try Scene()
            let settings = ["--set", "arithmetic=\(arithmetic)"]
            var results: [(way: String, adapters: [String: Data])] = []
            // Who does what does not depend on the arithmetic, so a few ranks show that its sums are exact.
            let ways = arithmetic == "float32" ? Self.ways : Array(Self.ways[..<3])
            for (index, way) in ways.enumerated() {
                let job = try await EndToEnd.hadamesh(
                    ranks: way.ranks,
                    ["train", scene.study, "--output", scene.path("run-\(index)")] + settings
                        + way.arguments,
                    environment: way.environment)
                try #require(job.status == 0, "\(way.testDescription): \(job)")
                results.append((way.testDescription, try scene.adapters("run-\(index)")))
            }
            for result in results {
                #expect(result.adapters == results[0].adapters, "\(result.way) against \(results[0].way)")
            }
        }

        @Test(arguments: TinyModel.families) func everyFamilyGivesTheSameBytes(
            family: EncoderFamily
        ) async throws {
            let scene = try Scene()
            let backbone = "backbone=\(TinyModel.directory(of: family))"
            var results: [[String: Data]] = []
            for ranks in [1, 4] {
                let run = "run-\(ranks)"
                let job = try await EndToEnd.hadamesh(
                    ranks: ranks,
                    ["train", scene.study, "--output", scene.path(run), "--set", backbone])
                try #require(job.status == 0, "\(job)")
                results.append(try scene.adapters(run))
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }

        /// Converted weights are private on one rank and shared by three.
        @Test(arguments: ["f16", "bf16"]) func convertedWeightsGiveTheSameBytesWhereverTheyAre(
            variant: String
        ) async throws {
            let scene = try Scene()
            try scene.copyEncoder(weights: variant)
            let floats = try EncoderWeights(directory: scene.path("backbone")).copiedBytes
            try #require(floats > 0)
            var results: [[String: Data]] = []
            for ranks in [nil, 1, 3] {
                let run = "run-\(results.count)"
                let job = try await EndToEnd.hadamesh(
                    ranks: ranks, ["train", scene.study, "--output", scene.path(run)])
                try #require(job.status == 0, "\(job)")
                #expect(job.warnings.isEmpty, "\(job)")
                results.append(try scene.adapters(run))
                let manifest = try JSONValue(parsing: scene.read("\(run)/manifest.json"), at: run)["starts"]?[
                    0]?["backbone"]
                #expect(manifest?["mappedBytes"]?.int == 0)
                #expect(manifest?["sharedBytes"]?.int == (ranks == 3 ? floats : 0))
                #expect(manifest?["copiedBytes"]?.int == (ranks == 3 ? 0 : floats))
                let scores = try await EndToEnd.hadamesh(ranks: ranks, ["evaluate", scene.path("run-0")])
                let alone = try await EndToEnd.hadamesh(["evaluate", scene.path(run)])
                #expect(scores.status == 0 && scores.output == alone.output, "\(scores) \(alone)")
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }

        /// A BF16 file's weights of layers are not copied for products in bfloat16.
        @Test func roundedProductsReadTheFileInPlace() async throws {
            let scene = try Scene()
            try scene.copyEncoder(weights: "bf16")
            let weights = try EncoderWeights(directory: scene.path("backbone"), for: .bfloat16)
            var results: [[String: Data]] = []
            for ranks in [1, 3] {
                let run = "run-\(ranks)"
                let job = try await EndToEnd.hadamesh(
                    ranks: ranks,
                    ["train", scene.study, "--output", scene.path(run), "--set", "arithmetic=bfloat16"])
                try #require(job.status == 0, "\(job)")
                results.append(try scene.adapters(run))
                let manifest = try JSONValue(parsing: scene.read("\(run)/manifest.json"), at: run)["starts"]?[
                    0]?["backbone"]
                #expect(manifest?["mappedBytes"]?.int == weights.mappedBytes && weights.mappedBytes > 0)
                let converted = manifest?[ranks == 3 ? "sharedBytes" : "copiedBytes"]?.int
                #expect(converted == weights.copiedBytes)
            }
            #expect(results[0] == results[1])
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
