import Formats
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A killed or stopped run resumes on any number of ranks with an unchanged result.
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
            var random = TestRandom("a rank killed, \(ranks) ranks, later \(later ?? 1)")
            let victim = Int.random(in: 0..<ranks, using: &random)
            let step = Int.random(in: 1...80, using: &random)
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

        /// Every event before the kill is in the journal or superseded, and every step counts once.
        @Test(arguments: [(2, 3), (3, 1)]) func aKillBetweenCheckpointsSupersedesTheStepsSince(
            ranks: Int, later: Int
        ) async throws {
            var random = TestRandom("killed between checkpoints, \(ranks) ranks")
            let rare = ["--set", "checkpoint.every=30"]
            let step = Int.random(in: 32...50, using: &random)
            async let killed = train(ranks: ranks, output: "run", rare)
            _ = try await journalReaches(step)
            for process in Ranks.running(with: run) { kill(process.id, SIGKILL) }
            let job = try await killed
            #expect(job.status == 128 + SIGKILL, "\(job)")

            let told = try events("run/journal.jsonl")
            let saved = try #require(
                FileManager.default.contentsOfDirectory(atPath: scene.path("run/checkpoints"))
                    .compactMap { Int($0.dropFirst("step-".count)) }.max())
            let last = try #require(steps(told).last)
            try #require(last > saved, "killed after step \(last), at a checkpoint")

            let resumed = try await train(ranks: later, output: "run", rare + ["--resume"])
            #expect(resumed.status == 0, "\(resumed)")
            let (journal, superseded) = (
                try events("run/journal.jsonl"), try events("run/journal.superseded.jsonl")
            )
            #expect(steps(superseded) == Array(saved + 1...last))
            #expect(steps(journal) == Array(1...Self.steps + 8))
            #expect(told == Array(journal.prefix(told.count - superseded.count)) + superseded)
            let starts = journal.filter { $0["kind"] == "began" }
            #expect(starts.map { $0["resumedFrom"]?.int } == [nil, saved])
            #expect(starts.map { $0["superseded"]?.int } == [nil, superseded.count])

            let counted = journal.filter { $0["kind"] == "step" }
            let timed = counted.filter { $0["stage"] == "adapter" }
            let seconds = timed.compactMap { $0["seconds"]?.double }.reduce(0, +)
            let results = try JSONValue(parsing: scene.read("run/results.json"), at: "results.json")
            #expect(results["bytesPerStep"]?.int == counted.compactMap { $0["bytes"]?.int }.max())
            let rate = try #require(results["examplesPerSecond"]?.double)
            let examples = timed.flatMap { $0["microBatches"]?.array ?? [] }
                .reduce(0) { $0 + ($1["examples"]?.array?.count ?? 0) }
            #expect(abs(rate - Double(examples) / seconds) < 1e-6 * rate)
            #expect(results["seconds"]?.double ?? 0 > seconds)
            try await expectUninterruptedResult("killed after step \(last), resumed from \(saved)")
        }

        private func events(_ name: String) throws -> [JSONValue] {
            try JSONLines.read(path: scene.path(name))
        }

        private func steps(_ events: [JSONValue]) -> [Int] {
            events.filter { $0["kind"] == "step" }.compactMap { $0["step"]?.int }
        }

        @Test(
            arguments: [
                (SIGTERM, nil, 2), (SIGUSR1, nil, 3), (SIGHUP, nil, 1), (SIGINT, nil, 2), (SIGUSR1, 2, 1),
                (SIGUSR1, 3, 2),
            ] as [(Int32, Int?, Int)])
        func aSignalStopsAfterACheckpoint(signal: Int32, ranks: Int?, later: Int) async throws {
            var random = TestRandom("signal \(signal), \(ranks ?? 1) ranks, later \(later)")
            let step = Int.random(in: 1...80, using: &random)
            async let asked = train(ranks: ranks, output: "run")
            let reached = try await journalReaches(step)
            print(
                "signal \(signal) to \(ranks.map { "mpirun of \($0) ranks" } ?? "the program") "
                    + "after step \(reached)"
            )
            if let process = ranks == nil ? Ranks.running(with: run).first?.id : Ranks.launcher(with: run) {
                kill(process, signal)
            }
            let job = try await asked
            #expect(job.status == 75, "\(job)")
            #expect(job.failures.isEmpty, "\(job.errors)")
            #expect(
                job.errors.contains("resume with: \(EndToEnd.program) train --resume \(run)\n"),
                "\(job.errors)")

            let resumed = try await EndToEnd.hadamesh(ranks: later, ["train", "--resume", run])
            #expect(resumed.status == 0, "\(resumed)")
            try await expectUninterruptedResult("signal \(signal) after step \(reached)")
        }

        /// A job script that is started again and again needs one command line only.
        @Test func resumingAStudyBeginsItsRunTheFirstTime() async throws {
            let job = try await train(ranks: 2, output: "run", ["--resume"])
            #expect(job.status == 0, "\(job)")
            #expect(try events("run/journal.jsonl").first?["superseded"] == nil)
            try await expectUninterruptedResult("begun with --resume")
        }

        /// A closed pipe, as behind `| head -1`, does not end a run.
        @Test(arguments: [nil, 2]) func aReaderThatGoesAwayEndsNothing(ranks: Int?) async throws {
            let job = try await EndToEnd.hadamesh(
                ranks: ranks, scene.training, redirection: "2> >(head -n 1 >/dev/null) > >(true)")
            #expect(job.status == 0, "\(job)")
            #expect(scene.exists("run/results.json"))
        }

        /// A signal to one rank stops all ranks, and none is left waiting.
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
