import Foundation
import Testing

extension EndToEnd {
    /// Only one job at a time uses a run directory.
    @Suite struct LockTests {
        private let scene: Scene

        init() throws { scene = try Scene() }

        private func train(seed: Int, steps: Int, output: String, _ more: [String] = []) async throws -> Job {
            try await EndToEnd.hadamesh(
                [
                    "train", scene.study, "--set", "stages.adapter.steps=\(steps)", "--set", "seed=\(seed)",
                    "--output", scene.path(output),
                ] + more)
        }

        private func events(_ run: String, _ kind: String) throws -> Int {
            String(decoding: try scene.read("\(run)/journal.jsonl"), as: UTF8.self)
                .components(separatedBy: "\"kind\":\"\(kind)\"").count - 1
        }

        @Test(arguments: 1...5) func ofTwoJobsStartedTogetherOneTrains(time: Int) async throws {
            async let first = train(seed: 1, steps: 20, output: "run")
            async let second = train(seed: 2, steps: 20, output: "run")
            let jobs = [try await first, try await second]
            try #require(jobs.map(\.status).sorted() == [0, 2], "\(jobs)")
            let winner = jobs[0].status == 0 ? 1 : 2
            let refused = jobs[2 - winner]
            // A job that starts after the other has ended finds a finished run.
            #expect(
                refused.errors.contains("the run is in use by process ")
                    || refused.errors.contains("this run already exists"), "\(refused)")
            #expect(
                String(decoding: try scene.read("run/study.yaml"), as: UTF8.self).contains(
                    "seed: \(winner)\n"))
            #expect(try events("run", "began") == 1)
            #expect(try events("run", "finished") == 1)
            #expect(!scene.exists("run/.lock"))
        }

        @Test func aRunningRunIsNotResumed() async throws {
            async let running = train(seed: 1, steps: 160, output: "run")
            _ = try await scene.journal("run", reaches: 5)
            let process = try #require(Ranks.running(with: scene.path("run")).first)
            kill(process.id, SIGSTOP)
            let refused = try await train(seed: 1, steps: 160, output: "run", ["--resume"])
            kill(process.id, SIGCONT)
            #expect(refused.status == 2, "\(refused)")
            #expect(refused.errors.contains("in use by process \(process.id) on host "), "\(refused)")
            let job = try await running
            #expect(job.status == 0, "\(job)")
            #expect(try events("run", "began") == 1)
        }

        @Test func aKilledJobsLockIsLeft() async throws {
            async let running = train(seed: 1, steps: 160, output: "run")
            _ = try await scene.journal("run", reaches: 5)
            if let process = Ranks.running(with: scene.path("run")).first { kill(process.id, SIGKILL) }
            let killed = try await running
            #expect(killed.status == 128 + SIGKILL, "\(killed)")
            #expect(scene.exists("run/.lock"))
            let job = try await train(seed: 1, steps: 160, output: "run", ["--resume"])
            #expect(job.status == 0, "\(job)")
            #expect(!scene.exists("run/.lock"))
        }
    }
}

extension Scene {
    /// Waits for a step in a run's journal, and returns the last one; -1 on a timeout.
    func journal(_ run: String, reaches step: Int) async throws -> Int {
        for _ in 0..<30_000 {
            let text = (try? read("\(run)/journal.jsonl")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let steps = text.matches(of: /"kind":"step","stage":"[a-z]+","step":([0-9]+)/).compactMap {
                Int($0.1)
            }
            if let last = steps.last, last >= step { return last }
            try await Task.sleep(for: .milliseconds(2))
        }
        return -1
    }
}
