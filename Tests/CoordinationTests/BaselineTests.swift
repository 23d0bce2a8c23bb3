import Adapters
import Coordination
import Diagnostics
import Formats
import Runs
import TestSupport
import Testing
import Training

/// Studies whose method trains the whole encoder or nothing of it.
@Suite("Full fine-tuning and linear probes")
struct BaselineTests {
    @Test("Full fine-tuning trains the whole encoder, with the same bits on 1, 2 and 3 ranks")
    func fullFineTuning() throws {
        let changes: [String: JSONValue] = [
            "adapter": ["method": "full"], "stages.adapter.learningRate": 1e-3,
        ]
        let (study, alone) = (try TinyStudy(changes), try TemporaryFolder())
        let run = try study.train(into: alone)
        let expected = try TrainedFiles(alone)
        for ranks in 2...3 {
            let folder = try TemporaryFolder()
            _ = try TinyStudy(changes).train(ranks: ranks, into: folder)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil)
        }
        #expect(run.results?.parameters?.adapterPerTask == 15744)
        let weights = study.context.model.weights
        let slices = try FullFineTuning().slices(on: weights, seed: 1)
        for slice in slices {
            let found = try TrainedFiles.floats(slice.name, of: "colour", in: alone)
            #expect(found != slice.initial, "\(slice.name) was not trained")
        }
    }

    @Test(
        "A method without parameters skips the adapter stage, or trains only heads in it",
        arguments: [false, true])
    func linearProbe(trainHead: Bool) throws {
        let changes: [String: JSONValue] = [
            "adapter": ["method": "head"], "stages.adapter.trainHead": .bool(trainHead),
        ]
        let (study, folder) = (try TinyStudy(changes), try TemporaryFolder())
        let run = try study.train(ranks: 2, into: folder)
        #expect(run.results?.steps == (trainHead ? 12 : 5))
        #expect(
            run.results?.stages.map(\.stage)
                == (trainHead ? [.head, .adapter] : [.head]))
        #expect(run.results?.parameters?.method == "head")
        #expect(run.results?.parameters?.adapterPerTask == 0)
        let (other, expected) = (try TemporaryFolder(), try TrainedFiles(folder))
        _ = try TinyStudy(changes).train(into: other)
        #expect(try TrainedFiles(other).difference(from: expected) == nil)
    }

    @Test("A study that trains nothing at all is refused")
    func nothingToTrain() {
        let failure = #expect(throws: Failure.self) {
            try TinyStudy([
                "adapter": ["method": "head"], "stages.head.steps": 0, "stages.adapter.trainHead": false,
            ])
        }
        #expect(failure?.location == "stages" && failure?.kind == .usage)
        #expect(failure?.message.contains("'head' has nothing to train in the adapter stage") == true)
    }

    @Test("A pooler that the head doesn't read is not trained", arguments: ["full", "bitfit"])
    func unreadPooler(_ method: String) throws {
        for pooling in ["cls", "mean"] {
            let failure = #expect(throws: Failure.self) {
                try TinyStudy([
                    "adapter": ["method": .string(method), "pooler": true], "head.pooling": .string(pooling),
                ])
            }
            #expect(failure?.location == "adapter.pooler" && failure?.kind == .usage)
            #expect(failure?.remedy == "set it to false, or set head.pooling to 'pooler'")
        }
        _ = try TinyStudy(["adapter": ["method": .string(method), "pooler": true], "head.pooling": "pooler"])
    }
}
