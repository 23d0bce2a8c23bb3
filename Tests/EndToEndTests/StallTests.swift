import Foundation
import Testing

extension EndToEnd {
    /// A rank that stops responding is named and ends the job with code 5, unless it resumes in time.
    @Suite struct StallTests {
        private let scene: Scene

        init() throws { scene = try Scene() }

        /// The place at which a rank stops itself, as in the program's variable and as in the message.
        static let places = [
            ("startUp", "start-up"), ("step:2", "step 3"), ("step:20", "step 21"),
            ("evaluation", "the evaluation after step 8"), ("checkpoint", "the checkpoint of step 5"),
        ]

        private func train(
            _ output: String, ranks: Int? = 3, stopAt place: String? = nil, warn: Double = 2,
            stop: Double = 5,
            _ more: [String] = []
        ) async throws -> Job {
            try await EndToEnd.hadamesh(
                ranks: ranks,
                [
                    "train", scene.study, "--set", "stall={warn: \(warn), stop: \(stop)}", "--output",
                    scene.path(output),
                ] + more, environment: place.map { ["HADAMESH_STOP_AT": $0] } ?? [:], seconds: 90)
        }

        /// Waits until a rank has stopped itself, and returns its process id.
        private func stoppedRank(of output: String) async throws -> Int32? {
            for _ in 0..<3000 {
                let stopped = Ranks.running(with: scene.path(output)).first { process in
                    let line =
                        (try? String(contentsOfFile: "/proc/\(process.id)/stat", encoding: .utf8)) ?? ""
                    return line.contains(") T ")
                }
                if let stopped { return stopped.id }
                try await Task.sleep(for: .milliseconds(20))
            }
            return nil
        }

        private func expectUninterruptedResult(_ output: String) async throws {
            let whole = try await train("whole", ranks: nil)
            try #require(whole.status == 0, "\(whole)")
            #expect(try scene.adapters(output) == scene.adapters("whole"))
        }

        @Test(arguments: places) func aStoppedRankEndsTheJobAndIsNamed(place: String, words: String)
            async throws
        {
            try await withThrowingTaskGroup(of: (Int, Job).self) { group in
                for rank in 0..<3 {
                    group.addTask { (rank, try await train("run\(rank)", stopAt: "\(rank):\(place)")) }
                }
                for try await (rank, job) in group {
                    #expect(job.status == 5, "rank \(rank): \(job)")
                    #expect(job.failures.count == 1, "\(job.errors)")
                    let failure = job.failures.first ?? ""
                    #expect(failure.hasPrefix("hadamesh: rank \(rank) on "), "\(failure)")
                    #expect(failure.contains(", pid "), "\(failure)")
                    #expect(
                        failure.contains("no progress in \(words) while 2 of 3 ranks waited"), "\(failure)")
                    #expect(failure.contains("its process is stopped (T)"), "\(failure)")
                    // Rank 0 saves the state if there is one, unless rank 0 itself is stopped.
                    let saved = failure.hasSuffix(
                        "is saved; resume with: \(EndToEnd.program) train --resume "
                            + scene.path("run\(rank)"))
                    #expect(saved == (rank != 0 && place != "startUp"), "\(failure)")
                    let warnings = job.errorLines.filter {
                        $0.hasPrefix("warning: ") && $0.contains("waited")
                    }
                    #expect(warnings.count == 1, "\(job.errors)")
                    #expect(warnings.first?.contains("kill -CONT") == true, "\(job.errors)")
                    if saved {
                        let journal = String(
                            decoding: try scene.read("run\(rank)/journal.jsonl"), as: UTF8.self)
                        #expect(journal.contains("\"kind\":\"stalled\""))
                    }
                }
            }
            #expect(Ranks.running(with: scene.path("run0")).isEmpty)
            if place != "startUp" {
                let resumed = try await train("run2", ranks: 2, ["--resume"])
                #expect(resumed.status == 0, "\(resumed)")
                try await expectUninterruptedResult("run2")
            }
        }

        @Test(arguments: ["1:startUp", "0:step:20", "2:evaluation", "1:checkpoint"])
        func aRankThatGoesOnInTimeChangesNothing(place: String) async throws {
            async let running = train("run", stopAt: place, warn: 1, stop: 60)
            let process = try #require(try await stoppedRank(of: "run"))
            try await Task.sleep(for: .seconds(2))
            kill(process, SIGCONT)
            let job = try await running
            #expect(job.status == 0, "\(job)")
            #expect(job.errors.contains("its process is stopped (T)"), "\(job.errors)")
            #expect(job.errors.contains("pid \(process) resumed after"), "\(job.errors)")
            try await expectUninterruptedResult("run")
        }

        /// A request to stop takes effect while rank 0 waits.
        @Test func aRequestToStopDoesNotWaitForAStoppedRank() async throws {
            async let running = train("run", stopAt: "1:step:20", warn: 1, stop: 60)
            _ = try #require(try await stoppedRank(of: "run"))
            if let launcher = Ranks.launcher(with: scene.path("run")) { kill(launcher, SIGUSR1) }
            let job = try await running
            #expect(job.status == 75, "\(job)")
            #expect(
                job.errors.contains("stopped after the checkpoint at step 20, without waiting for rank 1"),
                "\(job.errors)")
            let resumed = try await train("run", ranks: 2, ["--resume"])
            #expect(resumed.status == 0, "\(resumed)")
            try await expectUninterruptedResult("run")
        }

        /// One rank has a tenth of its processor time, which slows every checkpoint and step.
        @Test func aSlowRankIsNoStall() async throws {
            async let running = train("run", warn: 5, stop: 10)
            var slowed = 0
            for _ in 0..<3000 {
                if let process = Ranks.running(with: scene.path("run")).last, process.rank == 2 {
                    kill(process.id, SIGSTOP)
                    try await Task.sleep(for: .milliseconds(45))
                    kill(process.id, SIGCONT)
                    slowed += 1
                } else if slowed > 0 {
                    break
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            let job = try await running
            #expect(job.status == 0, "\(job)")
            #expect(!job.errors.contains("waited 5 s"), "\(job.errors)")
            let line = job.errorLines.first { $0.hasPrefix("3 ranks waited ") }
            #expect(line?.contains("% of their time; slowest rank ") == true, "\(job.errors)")
            #expect(
                String(decoding: try scene.read("run/results.json"), as: UTF8.self).contains("waitingShare"))
        }

        /// By default a checkpoint may take minutes.
        @Test func aLongCheckpointIsNoStall() async throws {
            async let running = EndToEnd.hadamesh(
                ranks: 3, ["train", scene.study, "--output", scene.path("run")],
                environment: ["HADAMESH_STOP_AT": "0:checkpoint"])
            let process = try #require(try await stoppedRank(of: "run"))
            try await Task.sleep(for: .seconds(3))
            kill(process, SIGCONT)
            let job = try await running
            #expect(job.status == 0, "\(job)")
            #expect(
                !job.errorLines.contains { $0.hasPrefix("warning: ") && $0.contains("waited") },
                "\(job.errors)")
        }
    }
}
