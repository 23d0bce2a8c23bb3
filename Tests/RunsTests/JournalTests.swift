import Diagnostics
import Formats
import Foundation
import Runs
import TestSupport
import Testing

@Suite struct JournalTests {
    let place: TemporaryFolder
    let run: RunDirectory

    init() throws {
        place = try TemporaryFolder()
        run = try RunDirectory.create(at: place.file("run"))
    }

    @Test func eventsAreReadBackInOrderWithTheirTime() throws {
        let before = Date().timeIntervalSince1970
        let journal = try Journal(directory: run, appending: false)
        try journal.record("began")
        try journal.record("step", [("step", 1), ("loss", .number(.nan)), ("tasks", ["rte"])])
        try journal.synchronize()
        let events = try Journal.read(run)
        #expect(
            events.map { $0.object?.map(\.0) } == [
                ["time", "kind"], ["time", "kind", "step", "loss", "tasks"],
            ])
        #expect(events.map { $0["kind"] } == ["began", "step"])
        #expect(events[1]["loss"]?.double?.isNaN == true)
        for event in events {
            let time = try #require(event["time"]?.double)
            #expect(time >= before - 0.001 && time <= Date().timeIntervalSince1970 + 0.001)
        }
    }

    @Test func aResumedRunGoesOnAfterTheLastWholeLine() throws {
        try Journal(directory: run, appending: false).record("first")
        let file = try #require(FileHandle(forWritingAtPath: run.journalFile))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"time\":1,\"ki".utf8))
        try file.close()
        #expect(try Journal.read(run).count == 1)
        try Journal(directory: run, appending: true).record("second")
        #expect(try Journal.read(run).map { $0["kind"] } == ["first", "second"])
    }

    /// Halving reads a trial's score at a rung from the journal, in steps of the adapter stage.
    @Test func scoresOfARungAreThoseOfItsStep() throws {
        let journal = try Journal(directory: run, appending: false)
        func evaluated(_ stage: String, _ step: Int, _ scores: JSONValue) throws {
            try journal.record(
                "evaluated", [("stage", .string(stage)), ("step", .integer(step)), ("tasks", scores)])
        }
        try evaluated("head", 8, ["a": ["score": 0.1]])
        try journal.record("stageEnded", [("result", ["stage": "head", "steps": 8])])
        try evaluated("adapter", 11, ["a": ["score": 0.2], "b": ["score": 0.3]])
        try evaluated("adapter", 14, ["a": ["score": 0.4]])
        let history = try #require(try RunHistory(run))
        #expect(history.evaluations.map(\.step) == [8, 11, 14])
        #expect(history.scores(after: 3, of: ["a", "b"]) == [0.2, 0.3])
        #expect(history.scores(after: 6, of: ["a", "b", "c"]) == [0.4, 0.3, nil])
        // A journal that lost the evaluation gives no other one's scores.
        #expect(history.scores(after: 9, of: ["a"]) == nil)
    }

    @Test func eventsThatComeAgainAreMovedAway() throws {
        let journal = try Journal(directory: run, appending: false)
        for step in 1...2 { try journal.record("step", [("step", .integer(step))]) }
        let position = journal.position
        try journal.record("checkpoint", [("step", 2)])
        for step in 3...4 { try journal.record("step", [("step", .integer(step))]) }
        let resumed = try Journal(directory: run, appending: true)
        #expect(try resumed.isWhole(at: position) && !resumed.isWhole(at: position - 1))
        #expect(try !resumed.isWhole(at: 10_000) && resumed.isWhole(at: 0))
        let moved = try resumed.resume(after: 2, position: position) { $0["kind"] == "step" }
        #expect(moved == 2)
        try resumed.record("step", [("step", 3)])
        func steps(_ path: String) throws -> [JSONValue?] {
            try JSONLines.read(path: path).map { $0["step"] }
        }
        #expect(try steps(run.journalFile) == [1, 2, 2, 3])
        #expect(try steps(run.supersededFile) == [3, 4])
        // Nothing is left to move.
        #expect(try resumed.resume(after: 3, position: resumed.position) { _ in true } == 0)
    }

    @Test func curvesGoToAFileThatTensorBoardFinds() throws {
        let journal = try Journal(directory: run, appending: false)
        try journal.plot(NamedValues([("rte/loss", 0.5)]), step: 10)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: run.tensorboard).first)
        #expect(name.hasPrefix("events.out.tfevents."))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(run.tensorboard)/\(name)"))
        #expect(bytes.range(of: Data("brain.Event:2".utf8)) != nil)
        #expect(bytes.range(of: Data("rte/loss".utf8)) != nil)
    }

    @Test func aFieldThatWouldHideAnotherIsRefused() throws {
        let journal = try Journal(directory: run, appending: false)
        #expect(throws: Failure.self) { try journal.record("scores", [("time", 3)]) }
        #expect(throws: Failure.self) { try journal.record("scores", [("a", 1), ("a", 2)]) }
        #expect(try Journal.read(run).isEmpty)
    }

    @Test func aFailedWriteNamesTheFile() throws {
        symlink("/dev/full", run.journalFile)
        let journal = try Journal(directory: run, appending: false)
        let error = #expect(throws: Failure.self) { try journal.record("began") }
        #expect(
            error.map { "\($0)" }?.hasPrefix("\(run.journalFile): cannot write: No space left on device")
                == true)
    }

    @Test func aJournalInNoDirectoryIsRefused() throws {
        try FileManager.default.removeItem(atPath: run.path)
        #expect(throws: Failure.self) { try Journal(directory: run, appending: false) }
        #expect(throws: Failure.self) { try Journal.read(run) }
    }
}

@Suite struct TimelineTests {
    private func events(_ timelines: [Timeline]) throws -> [JSONValue] {
        let place = try TemporaryFolder()
        let file = try TimelineFile(path: place.file("timeline.json"))
        for timeline in timelines { try file.append(timeline) }
        #expect(!FileManager.default.fileExists(atPath: place.file("timeline.json")))
        try file.finish()
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["timeline.json"])
        let data = try Data(contentsOf: URL(fileURLWithPath: place.file("timeline.json")))
        return try #require(try JSONValue(parsing: data, at: "timeline.json").array)
    }

    @Test func spansAreCompleteEventsOfTheirRank() throws {
        var first = Timeline(rank: 0)
        first.add(.init(name: "sum", category: "communicate", start: 14.5, duration: 1.25))
        var second = Timeline(rank: 2)
        second.add(.init(name: "unit \"3\"", category: "compute", start: 10.5, duration: 4))
        #expect(
            try events([first, second]) == [
                ["name": "process_name", "ph": "M", "pid": 0, "tid": 0, "args": ["name": "rank 0"]],
                [
                    "name": "sum", "cat": "communicate", "ph": "X", "ts": 14.5, "dur": 1.25, "pid": 0,
                    "tid": 0,
                ],
                ["name": "process_name", "ph": "M", "pid": 2, "tid": 0, "args": ["name": "rank 2"]],
                [
                    "name": "unit \"3\"", "cat": "compute", "ph": "X", "ts": 10.5, "dur": 4.0, "pid": 2,
                    "tid": 0,
                ],
            ])
    }

    @Test func anEmptyTimelineIsValid() throws { #expect(try events([]).isEmpty) }

    @Test func spansBeyondTheCapacityAreCounted() throws {
        var timeline = Timeline(rank: 1, capacity: 2)
        for index in 0..<5 {
            timeline.add(.init(name: "\(index)", category: "c", start: 0, duration: 1))
        }
        #expect(timeline.spans.map(\.name) == ["0", "1"] && timeline.leftOut == 3)
        #expect(try events([timeline]).first { $0["name"] == "spans_left_out" }?["args"]?["count"] == 3)
    }

    @Test func eachStartHasAFileOfItsOwn() throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.file("run"))
        var names: [String] = []
        for _ in 0..<3 {
            let path = run.nextTimelineFile
            try TimelineFile(path: path).finish()
            names.append(String(path.dropFirst(run.path.count)))
        }
        #expect(names == ["/timeline.json", "/timeline-2.json", "/timeline-3.json"])
    }
}

@Suite struct ManifestTests {
    @Test func aManifestIsReadBackInOrder() throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.path)
        #expect(try Manifest.read(run) == nil)
        let identity: JSONValue = [
            "version": "1", "ranks": 4, "backbone": ["hash": "ab", "layers": [1, 2]],
        ]
        let start = try RunStart(
            time: "2026-11-24T20:00:00Z", resumedFrom: nil, version: "1",
            nodes: [RunStart.Node(node: "node03", kernels: ["avx2", "avx2"])], settings: ["cache": 1],
            mpi: "5", bits: "fma",
            backbone: RunStart.Backbone(
                path: "models/bert", mappedBytes: 1, sharedBytes: 2, copiedBytes: 3, prepackedBytes: 4))
        let manifest = try Manifest(identity: identity, mixed: false, starts: [start])
        try manifest.write(to: run)
        let read = try #require(try Manifest.read(run))
        #expect(read == manifest && read.mixed == false && read.starts == [start])
        #expect(try read.identity() == identity)
    }

    @Test(arguments: ["", "[]", "{"]) func aBadManifestIsNamed(text: String) throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.path)
        try Data(text.utf8).write(to: URL(fileURLWithPath: run.manifestFile))
        let error = #expect(throws: Failure.self) { try Manifest.read(run) }
        #expect(error.map { "\($0)" }?.hasPrefix(run.manifestFile) == true)
    }
}
