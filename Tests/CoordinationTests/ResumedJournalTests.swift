import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import TestSupport
import Testing

/// A run's journal and counters over several starts.
@Suite("The journal of a resumed run")
struct ResumedJournalTests {
    /// Ends a run after a step without a checkpoint, like a kill.
    private final class Crash: RunObserver {
        private let step: Int

        init(after step: Int) { self.step = step }

        func observe(_ event: RunEvent) throws {
            if case .step(let report) = event, report.step == step { throw Failure(.rank, "killed") }
        }
    }

    /// Trains with a journal, and crashes after a step if one is given.
    private func train(_ study: TinyStudy, into folder: TemporaryFolder, crashAfter step: Int = 0) throws {
        let (context, identity, path) = (study.context, study.identity, folder.path)
        let trace = "\(path)/journal.jsonl"
        let resuming = FileManager.default.fileExists(atPath: trace)
        _ = try ThreadWorld.run(2) { communicator in
            var output: RunOutput?
            if communicator.rank == 0 {
                let directory = try resuming ? RunDirectory.open(at: path) : RunDirectory.create(at: path)
                let journal = try Journal(directory: directory, appending: resuming)
                output = RunOutput(
                    directory, observers: [RunJournal(journal, directory), Crash(after: step)])
            }
            let run = try TrainingRun(context, communicator, output: output)
            try run.begin(identity: identity, resuming: resuming)
            return try run.run()
        }
    }

    private func steps(_ path: String, _ kind: String) throws -> [Int] {
        try JSONLines.read(path: path).filter { $0["kind"]?.string == kind }.compactMap { $0["step"]?.int }
    }

    private func results(_ folder: TemporaryFolder) throws -> JSONValue {
        try JSONValue(parsing: try folder.read("results.json"), at: "results.json")
    }

    @Test("Steps after the checkpoint that a run resumes from are recorded once", arguments: [2, 8, 11])
    func crashed(step: Int) throws {
        let (study, folder) = (try TinyStudy(), try TemporaryFolder())
        #expect(throws: Failure.self) { try train(study, into: folder, crashAfter: step) }
        let (journal, superseded) = (folder.file("journal.jsonl"), folder.file("journal.superseded.jsonl"))
        #expect(try steps(journal, "step") == Array(1...step))
        try train(study, into: folder)
        #expect(try steps(journal, "step") == Array(1...12))
        // Every third step has a checkpoint.
        #expect(try steps(superseded, "step") == Array(step / 3 * 3 + 1...step))
        let whole = try TemporaryFolder()
        try train(study, into: whole)
        #expect(try steps(journal, "evaluated") == steps(whole.file("journal.jsonl"), "evaluated"))
        let events = try JSONLines.read(path: journal)
        let began = events.filter { $0["kind"] == "began" }
        #expect(began.count == 2 && began[0]["superseded"] == nil)
        #expect(began[1]["superseded"]?.int == (try JSONLines.read(path: superseded)).count)
        #expect(events.count { $0["kind"] == "stageEnded" } == 1)
    }

    @Test("Counters continue with the run, and exclude superseded steps")
    func counters() throws {
        let (study, folder) = (try TinyStudy(), try TemporaryFolder())
        for step in [4, 8] {
            #expect(throws: Failure.self) { try train(study, into: folder, crashAfter: step) }
        }
        try train(study, into: folder)
        let seconds = try JSONLines.read(path: folder.file("journal.jsonl"))
            .filter { $0["kind"] == "step" && $0["stage"] == "adapter" }.compactMap { $0["seconds"]?.double }
        let all = seconds.reduce(0, +)
        let found = try results(folder)
        #expect(found["bytesPerStep"]?.int ?? 0 > 0)
        // Steps of 12 examples.
        let rate = try #require(found["examplesPerSecond"]?.double)
        #expect(abs(rate - Double(12 * seconds.count) / all) < 1e-6 * rate)
        #expect(found["seconds"]?.double ?? 0 > all)
    }

    @Test("A run that lost its results after the last step keeps its counters")
    func resultsLost() throws {
        let (study, folder) = (try TinyStudy(), try TemporaryFolder())
        try train(study, into: folder)
        let before = try results(folder)
        try FileManager.default.removeItem(atPath: folder.file("results.json"))
        try train(study, into: folder)
        let after = try results(folder)
        for key in ["bytesPerStep", "examplesPerSecond", "stages"] { #expect(after[key] == before[key]) }
        #expect((after["seconds"]?.double ?? 0) > (before["seconds"]?.double ?? 9) * 0.5)
        // Each start has its own trace.
        for name in ["timeline.json", "timeline-2.json"] {
            #expect(FileManager.default.fileExists(atPath: folder.file(name)))
        }
    }
}
