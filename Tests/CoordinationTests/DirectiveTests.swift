import Collectives
import Coordination
import Diagnostics
import Testing

@Suite("Directives")
struct DirectiveTests {
    static let cases: [Directive] = [
        .pool([], ranks: []),
        .pool([PooledChunk(split: 2, index: 7), PooledChunk(split: 0, index: 0)], ranks: [3, 0]),
        .step(
            StepPlan(
                [
                    MicroBatch(task: 1, examples: [5, 0, 1 << 40]), MicroBatch(task: 0, examples: [9]),
                ],
                ranks: [2, 1])),
        .prune([]),
        .prune([
            StepPlan([MicroBatch(task: 2, examples: [4, 1])], ranks: [1]), StepPlan([]),
        ]),
        .evaluate, .checkpoint, .nextStage, .finish(.stopped), .finish(.finished), .finish(.paused),
    ]

    @Test("Every directive survives encoding", arguments: cases)
    func roundTrip(_ directive: Directive) throws {
        #expect(try Directive(words: directive.words) == directive)
    }

    @Test("A directive truncated anywhere is a failure", arguments: cases)
    func truncated(_ directive: Directive) {
        for count in directive.words.indices {
            let failure = #expect(throws: Failure.self) {
                _ = try Directive(words: Array(directive.words.prefix(count)))
            }
            #expect(failure?.kind == .rank)
        }
    }

    @Test(
        "Undefined words are a failure",
        arguments: [[-1], [99], [0, -1], [1, .max], [1, 1, 0, 0, -3], [6, 2, 0]])
    func nonsense(_ words: [Int64]) {
        #expect(throws: Failure.self) { _ = try Directive(words: words) }
    }

    @Test("Every rank has the result of rank 0, or throws its failure", arguments: 1...4)
    func together(ranks: Int) throws {
        let found = try ThreadWorld.run(ranks) { communicator in
            try bytesFromRoot(communicator) {
                #expect(communicator.rank == 0)
                return [1, 2, 3]
            }
        }
        #expect(found == [[UInt8]](repeating: [1, 2, 3], count: ranks))
        let thrown = Failure.data("größe \"x\"", at: "train.tsv:7", remedy: "mend it")
        let failures = try ThreadWorld.run(ranks) { communicator -> Failure? in
            do {
                try onRoot(communicator) { throw thrown }
                return nil
            } catch let failure as Failure { return failure }
        }
        #expect(failures == [Failure?](repeating: thrown, count: ranks))
    }
}
