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

        private func journalReaches(_ step: Int) async throws -> Int {
            try await scene.journal("run", reaches: step)
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
                (SIGTERM, nil, 2), (SIGUSR1, nil, 3), (SIGHUP, nil, 1), (SIGINT, nil, 2), (SIGUSR1, 2, 1),
                (SIGUSR1, 3, 2),
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

        /// Output behind `| head -1` is read no further: that ends neither a run nor its reader.
        @Test(arguments: [nil, 2]) func aReaderThatGoesAwayEndsNothing(ranks: Int?) async throws {
            let job = try await EndToEnd.hadamesh(
                ranks: ranks, scene.training, redirection: "2> >(head -n 1 >/dev/null) > >(true)")
            #expect(job.status == 0, "\(job)")
            #expect(scene.exists("run/results.json"))
        }

        /// One rank that is asked stops all: no rank leaves the others waiting.
        @Test func aSignalToOneRankStopsAll() async throws {
            async let asked = train(ranks: 3, output: "run")
            _ = try await journalReaches(20)
            if let process = Ranks.running(with: run).last { kill(process.id, SIGTERM) }
            let job = try await asked
            #expect(job.status == 75, "\(job)")
        }

        @Test func aBackboneThatIsWrittenToDuringARunEndsItBeforeTheNextCheckpoint() async throws {
            try scene.copyEncoder()
            async let running = train(ranks: 2, output: "run")
            _ = try await journalReaches(12)
            let weights = scene.path("backbone/model.safetensors")
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: weights))
            let end = try file.seekToEnd()
            try file.seek(toOffset: end - 4)
            try file.write(contentsOf: Data([0, 0, 0, 0]))
            try file.close()
            let job = try await running
            #expect(job.status == 3, "\(job)")
            #expect(
                job.failures.count == 1 && job.errors.contains("\(weights): was written to while"), "\(job)")
            #expect(!scene.exists("run/results.json"))
        }

        private func expectUninterruptedResult(_ what: String) async throws {
            let whole = try await train(ranks: nil, output: "whole")
            try #require(whole.status == 0, "\(whole)")
            #expect(try scene.adapters("run") == scene.adapters("whole"), "\(what)")
        }
    }
}
