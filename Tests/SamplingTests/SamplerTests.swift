import Diagnostics
import Foundation
import Sampling
import TestSupport
import Testing

/// The shares of every sampler, and the updates of adaptive ones.
@Suite("Samplers")
struct SamplerTests {
    /// A sampler as a study's section names it.
    struct Section: Decodable, Sendable {
        let sampler: any Sampler

        private enum CodingKeys: CodingKey { case name }

        init(from decoder: any Decoder) throws {
            let name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
            let type = try #require(SamplerTable.sampler(named: name))
            sampler = try type.init(from: decoder, besides: ["name"])
        }
    }

    /// A sampler's section in JSON.
    private static func sampler(_ json: String) throws -> any Sampler {
        try JSONDecoder().decode(Section.self, from: Data(json.utf8)).sampler
    }

    /// A sampler of `Tests/Golden/sampling`: each event that it hears, and the probabilities after it.
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Event: Decodable, Sendable {
            let scores: [Double?]?
            let losses: [Double?]?
            let microBatches: [Int]?
            let probabilities: [Double]
        }

        let name: String
        let sampler: Section
        let tasks: [String]
        let active: [Bool]
        let events: [Event]
        var testDescription: String { name }

        static let all: [Case] = {
            let data = FileManager.default.contents(atPath: "\(Golden.folder)/sampling/cases.json")
            return data.flatMap { try? JSONDecoder().decode([Case].self, from: $0) } ?? []
        }()

        func seen(_ memory: SamplerMemory) -> SampledTasks {
            SampledTasks(
                names: tasks, examples: tasks.map { _ in 10 }, active: active, memory: memory)
        }

        func update(_ event: Event, _ memory: inout SamplerMemory) {
            let sampler = sampler.sampler
            if let scores = event.scores { (sampler as? any ScoreSampler)?.update(scores: scores, &memory) }
            guard let losses = event.losses, let microBatches = event.microBatches else { return }
            let drawn = sampler.probabilities(seen(memory))
            (sampler as? any LossSampler)?.update(
                StepLosses(names: tasks, losses: losses, microBatches: microBatches, probabilities: drawn),
                &memory)
        }
    }

    @Test("Every sampler of the table has its file, and every adaptive one its golden")
    func table() throws {
        let folder = URL(filePath: Golden.folder).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Sampling/Samplers").path(percentEncoded: false)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).map {
            $0.dropLast(6).lowercased()
        }
        let names = SamplerTable.all.map { $0.name }
        #expect(Set(files) == Set(names.map { $0.replacing("-", with: "") }) && files.count == names.count)
        let adaptive = SamplerTable.all.filter { $0.init().isAdaptive }.map { $0.name }
        #expect(Set(Case.all.map { type(of: $0.sampler.sampler).name }) == Set(adaptive))
        #expect(adaptive.count == 4)
        #expect(Set(SamplerTable.all.map { $0.summary }).count == names.count)
        #expect(
            SamplerTable.all.allSatisfy { !$0.source.isEmpty && ($0.remembered > 0) == $0.init().isAdaptive })
    }

    @Test("After each score or loss the probabilities are those of the source's formula", arguments: Case.all)
    func golden(_ test: Case) throws {
        var memory = test.sampler.sampler.memory(tasks: test.tasks.count)
        let equal = test.tasks.map { _ in 1 / Double(test.tasks.count) }
        let start = test.sampler.sampler.probabilities(test.seen(memory))
        #expect(mismatch(start, equal, Tolerance(absolute: 1e-15)) == nil)
        for (number, event) in test.events.enumerated() {
            test.update(event, &memory)
            let found = test.sampler.sampler.probabilities(test.seen(memory))
            // Sums of at most 60 numbers in another order.
            #expect(mismatch(found, event.probabilities, Tolerance(absolute: 1e-12), "\(number)") == nil)
        }
        #expect(Set(test.events.map(\.probabilities)).count > 1)
        #expect(memory.fits(test.sampler.sampler, tasks: test.tasks.count))
        #expect(memory.updates == test.events.count)
    }

    @Test("Over the active tasks alone, probabilities add up to 1 after any update", arguments: Case.all)
    func inactive(_ test: Case) {
        let tasks = test.tasks.count
        var memory = test.sampler.sampler.memory(tasks: tasks)
        for event in test.events {
            test.update(event, &memory)
            for alone in 0..<tasks {
                let active = (0..<tasks).map { $0 != alone }
                let found = test.sampler.sampler.probabilities(
                    SampledTasks(names: test.tasks, examples: [], active: active, memory: memory))
                #expect(found[alone] == 0 && found.allSatisfy { $0 >= 0 })
                #expect(abs(found.reduce(0, +) - 1) < 1e-12)
            }
        }
    }

    @Test("Scores and losses that are missing or no numbers change nothing")
    func missing() throws {
        for json in [
            #"{ "name": "gap", "reference": { "a": 1, "b": 1 } }"#,
            #"{ "name": "stop-and-go", "patience": 0 }"#,
        ] {
            let sampler = try #require(try Self.sampler(json) as? any ScoreSampler)
            var memory = sampler.memory(tasks: 2)
            for scores in [[0.5, 0.7], [0.4, 0.7]] { sampler.update(scores: scores, &memory) }
            let rows = memory.rows
            sampler.update(scores: [nil, .nan], &memory)
            #expect(memory.rows == rows && memory.updates == 3)
        }
        let bandit = try #require(try Self.sampler(#"{ "name": "bandit" }"#) as? any LossSampler)
        var memory = bandit.memory(tasks: 2)
        bandit.update(
            StepLosses(
                names: ["a", "b"], losses: [1, nil], microBatches: [2, 0], probabilities: [0.5, 0.5]),
            &memory)
        #expect(memory.rows == [[0.2, 0]])
    }

    @Test("A gap of 0 everywhere gives equal shares, and a task without a gap none")
    func gaps() throws {
        let gap = try #require(
            try Self.sampler(#"{ "name": "gap", "reference": { "a": 0.5, "b": 1 } }"#) as? any ScoreSampler)
        func probabilities(_ scores: [Double?]) -> [Double] {
            var memory = gap.memory(tasks: 2)
            gap.update(scores: scores, &memory)
            return gap.probabilities(
                SampledTasks(names: ["a", "b"], examples: [9, 1], active: [true, true], memory: memory))
        }
        #expect(probabilities([0.5, 1]) == [0.5, 0.5])
        #expect(probabilities([0.5, 0.7]) == [0, 1])
        // The distance counts on either side.
        #expect(probabilities([0.75, 0.75]) == [0.5, 0.5])
        #expect(probabilities([0.9, nil]) == [0.5, 0.5], "until all have a score")
    }

    @Test("A task with negative scores stops and goes on like one with positive scores")
    func negativeScores() throws {
        let sampler = try #require(try Self.sampler(#"{ "name": "stop-and-go" }"#) as? any ScoreSampler)
        var memory = sampler.memory(tasks: 1)
        func isStopped(after score: Double) -> Bool {
            sampler.update(scores: [score], &memory)
            return sampler.weights(SampledTasks(names: ["a"], examples: [1], active: [true], memory: memory))
                == [0.25]
        }
        #expect([-0.5, -0.4, -0.4, -0.41].map(isStopped) == [false, false, false, true])
        #expect([-0.4, -0.5].map(isStopped) == [true, false])
    }

    @Test("References are numbers or runs, of the study's tasks")
    func references() throws {
        func check(_ reference: String) throws {
            try Self.sampler(#"{ "name": "gap", "reference": \#(reference) }"#).check(tasks: ["cola", "rte"])
        }
        try check(#"{ "cola": 0.5, "rte": "runs/rte" }"#)
        try check(#""runs/private""#)
        for (reference, text) in [
            ("{}", "gap has no reference"), (#"{ "cola": 0.5 }"#, "has no score of 'rte'"),
            (#"{ "cola": 0.5, "rte": 1, "rtee": 1 }"#, "'rtee', which is not a task"),
            ("0.5", "expected the directory of a run, or a mapping"), ("[1]", "found a list"),
            (#"{ "cola": 0.5, "rte": [1] }"#, "expected a number or the directory of a run, found a list"),
        ] {
            let failure = #expect(throws: Failure.self, "\(reference)") { try check(reference) }
            #expect(failure?.description.contains(text) == true, "\(failure?.description ?? "")")
        }
        let read = try (Self.sampler(#"{ "name": "gap", "reference": "r" }"#) as? any ReferencedSampler)?
            .reference.asNumbers(of: ["cola", "rte"]) { run, task, key in
                #expect(run == "r" && key == "sampler.reference")
                return task == "rte" ? 0.25 : 0.5
            }
        #expect(read == TaskReferences(["cola": 0.5, "rte": 0.25]) && read?.isRead == true)
    }
}
