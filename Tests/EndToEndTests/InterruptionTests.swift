import Foundation
import Testing

extension EndToEnd {
    /// A run that was killed or asked to stop goes on, on any number of ranks, as if nothing had happened.
    @Suite struct InterruptionTests {
        private static let steps = 160
        private let scene: Scene
        private var run: String { scene.path("run") }

        init() throws { scene = try Scene() }

        private func train(ranks: Int?, output: String, _ more: [String] = []) async throws -> Job {
            try await EndToEnd.hadamesh(
                ranks: ranks,
                [
                    "train", scene.study, "--set", "stages.adapter.steps=\(Self.steps)", "--output",
                    scene.path(output),
                ] + more)
        }

        /// Waits until the journal tells of a step, and returns the last one that it tells of.
        private func journalReaches(_ step: Int) async throws -> Int {
            for _ in 0..<30_000 {
                let text =
                    (try? scene.read("run/journal.jsonl")).map { String(decoding: $0, as: UTF8.self) } ?? ""
                let steps = text.matches(of: /"kind":"step","stage":"[a-z]+","step":([0-9]+)/).compactMap {
                    Int($0.1)
                }
                if let last = steps.last, last >= step { return last }
                try await Task.sleep(for: .milliseconds(2))
            }
            return -1
        }

        @Test(arguments: [(3, 2), (2, 3), (4, 1), (2, nil)] as [(Int, Int?)])
        func aKilledRunGoesOnToTheSameBytes(ranks: Int, later: Int?) async throws {
            let (victim, step) = (Int.random(in: 0..<ranks), Int.random(in: 1...80))
            async let killed = train(ranks: ranks, output: "run")
            let reached = try await journalReaches(step)
            let processes = Ranks.running(with: run)
            print("killing rank \(victim) of \(ranks) after step \(reached), then \(later ?? 1) ranks")
            if let process = processes.first(where: { $0.rank == victim }) { kill(process.id, SIGKILL) }
            let job = try await killed
            #expect(job.status == 128 + SIGKILL, "rank \(victim) of \(ranks) after step \(step): \(job)")
            #expect(!scene.exists("run/results.json"))

            let resumed = try await train(ranks: later, output: "run", ["--resume"])
            #expect(resumed.status == 0, "\(resumed)")
            try await expectUninterruptedResult("rank \(victim) of \(ranks) killed after step \(reached)")
        }

        @Test(
            arguments: [
                (SIGTERM, nil, 2), (SIGUSR1, nil, 3), (SIGUSR1, 2, 1), (SIGUSR1, 3, 2),
            ] as [(Int32, Int?, Int)])
        func aSignalStopsAfterACheckpoint(signal: Int32, ranks: Int?, later: Int) async throws {
            let step = Int.random(in: 1...80)
            async let asked = train(ranks: ranks, output: "run")
            let reached = try await journalReaches(step)
            print(
                "signal \(signal) to \(ranks.map { "mpirun of \($0) ranks" } ?? "the program") after step \(reached)"
            )
            if let process = ranks == nil ? Ranks.running(with: run).first?.id : Ranks.launcher(with: run) {
                kill(process, signal)
            }
            let job = try await asked
            #expect(job.status == 75, "\(job)")
            #expect(job.failures.isEmpty, "\(job.errors)")
            #expect(job.errors.contains("--resume"), "\(job.errors)")

            let resumed = try await train(ranks: later, output: "run", ["--resume"])
            #expect(resumed.status == 0, "\(resumed)")
            try await expectUninterruptedResult("signal \(signal) after step \(reached)")
        }

        /// One rank that is asked stops all: no rank leaves the others waiting.
        @Test func aSignalToOneRankStopsAll() async throws {
            async let asked = train(ranks: 3, output: "run")
            _ = try await journalReaches(20)
            if let process = Ranks.running(with: run).last { kill(process.id, SIGTERM) }
            let job = try await asked
            #expect(job.status == 75, "\(job)")
        }

        private func expectUninterruptedResult(_ what: String) async throws {
            let whole = try await train(ranks: nil, output: "whole")
            try #require(whole.status == 0, "\(whole)")
            #expect(try scene.adapters("run") == scene.adapters("whole"), "\(what)")
        }
    }
}
