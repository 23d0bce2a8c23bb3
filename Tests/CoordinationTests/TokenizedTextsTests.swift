import Coordination
import Diagnostics
import Encoders
import Formats
import Studies
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

/// Tasks on the same columns of a file tokenize them once in a job.
@Suite struct TokenizedTextsTests {
    private static func task(_ name: String, first: String = "text", label: String) -> JSONValue {
        [
            "name": .string(name), "train": "train.csv", "dev": "dev.csv", "labels": ["0", "1"],
            "columns": ["first": .string(first), "label": .string(label)],
        ]
    }

    @Test func tasksOnTheSameTextsShareTheirTokens() throws {
        let rows =
            "text,other,one,two\nred dog,blue cat,0,1\na river,day and night,1,1\ngreen tree,stone,0,0\n"
        let folder = try TemporaryFolder(["train.csv": rows, "dev.csv": "text,other,one,two\nred,sky,1,0\n"])
        let study = try TinyStudy.decode(
            [
                "tasks": [
                    Self.task("first", label: "one"), Self.task("second", label: "two"),
                    Self.task("third", first: "other", label: "two"),
                ]
            ], data: folder.path)
        let tokenizer = CountingTokenizer(try TokenizerFolder.load(study.backbone.folder))
        let tasks = try study.tasks.map { try $0.resolve() }
        let shared = try TaskData.all(tasks, study, tokenizer)
        #expect(tokenizer.count == 8, "the texts of two columns, four each")
        // The tokens and targets are those of each task alone.
        for (task, data) in zip(tasks, shared) {
            let alone = try TaskData(task, study, TokenizedTexts(study, tokenizer))
            #expect(data.train.hasTokens(of: alone.train) && data.train.targets == alone.train.targets)
            let (set, own) = (data.evaluationSets[0].examples, alone.evaluationSets[0].examples)
            #expect(set.hasTokens(of: own) && set.targets == own.targets)
        }
        #expect(shared[0].train.targets != shared[1].train.targets)
        #expect(!shared[0].train.hasTokens(of: shared[2].train))
    }

    /// The task has 20 training examples and two dev examples; two of the cases hold out a share.
    @Test(
        "Scoring reads the splits that are scored, and no others",
        arguments: [
            (0.0, TaskData.Splits.ofRun, [20, 2], 22), (0.0, .scored(on: nil), [0, 2], 2),
            (0.0, .scored(on: .dev), [0, 2], 2), (0.0, .scored(on: .train), [20, 20], 20),
            (0.5, .scored(on: nil), [20, 20], 20), (0.5, .scored(on: .dev), [0, 2], 2),
        ] as [(Double, TaskData.Splits, [Int], Int)])
    func scoringReadsOnlyWhatIsScored(
        heldOut: Double, splits: TaskData.Splits, counts: [Int], tokenized: Int
    ) throws {
        let rows = (0..<20).map { "red dog,\($0 % 2)\n" }.joined()
        let folder = try TemporaryFolder([
            "train.csv": "text,one\n\(rows)", "dev.csv": "text,one\nred,1\nsky,0\n",
        ])
        let study = try TinyStudy.decode(
            [
                "tasks": [Self.task("first", label: "one")],
                "evaluation.heldOut": .number(heldOut),
            ], data: folder.path)
        let tokenizer = CountingTokenizer(try TokenizerFolder.load(study.backbone.folder))
        let data = try TaskData.all(
            study.tasks.map { try $0.resolve() }, study, tokenizer, reading: splits)[0]
        #expect([data.train.count, data.evaluationSets[0].examples.count] == counts)
        #expect(tokenizer.count == tokenized)
    }
}
