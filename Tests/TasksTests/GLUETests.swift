import Diagnostics
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct GLUETests {
    @Test func everyFileOfTheFolderIsInTheTable() throws {
        let folder = packageRoot.appending(path: "Sources/Tasks/GLUE")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let names = files.map { $0.replacing(".swift", with: "").lowercased() }
        #expect(names.sorted() == GLUE.tasks.map(\.name).sorted())
        #expect(names.count == 9)
    }

    @Test(arguments: GLUE.tasks)
    func aTaskAgreesWithItself(_ task: GLUETask) throws {
        #expect(!task.metrics.isEmpty)
        for metric in task.metrics { #expect(metric.mismatch(with: task.output) == nil) }
        #expect(Set(task.splits).isSuperset(of: task.evaluationSplits))
        #expect(try GLUE.task(named: task.name).name == task.name)
        #expect(task.splits.contains(.train) && !task.evaluationSplits.isEmpty)
    }

    @Test func classesAreInTheBenchmarksOrder() {
        #expect(GLUETask.mnli.output == .classes(["contradiction", "entailment", "neutral"]))
        for task in [GLUETask.qnli, .rte] {
            #expect(task.output == .classes(["entailment", "not_entailment"]))
        }
        // Names as Hugging Face's, beside the values of the official files.
        let binary: [(GLUETask, String, String)] = [
            (.cola, "unacceptable", "acceptable"), (.sst2, "negative", "positive"),
            (.mrpc, "not_equivalent", "equivalent"), (.qqp, "not_duplicate", "duplicate"),
            (.wnli, "not_entailment", "entailment"),
        ]
        for (task, zero, one) in binary {
            #expect(task.output == .classes([.init(zero, value: "0"), .init(one, value: "1")]))
        }
        #expect(GLUETask.stsb.output == .regression(0...5))
        #expect(GLUETask.stsb.output.width == 1 && GLUETask.mnli.output.width == 3)
    }

    @Test func aMisspeltTaskSuggestsTheNearest() {
        expectFailure(.usage, ["'mprc'", "did you mean 'mrpc'?"]) { _ = try GLUE.task(named: "mprc") }
    }

    /// Lines as in each task's files, and what must be read from them.
    struct Layout: Sendable, CustomTestStringConvertible {
        let task: GLUETask
        let split: Split
        let file: String
        let text: String
        let first: String
        var second: String?
        var target: Target?
        var testDescription: String { "\(task.name) \(split.rawValue)" }
    }

    static let layouts: [Layout] = [
        Layout(
            task: .cola, split: .train, file: "CoLA/train.tsv", text: "ab12\t0\t*\tA \"cat sat.\n",
            first: "A \"cat sat.", target: .label(0)),
        Layout(
            task: .cola, split: .test, file: "CoLA/test.tsv", text: "index\tsentence\n0\tA cat sat.\n",
            first: "A cat sat."),
        Layout(
            task: .sst2, split: .dev, file: "SST-2/dev.tsv", text: "sentence\tlabel\nquite dull \t0\n",
            first: "quite dull ", target: .label(0)),
        Layout(
            task: .mrpc, split: .train, file: "MRPC/train.tsv",
            text:
                "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tIt \" rained .\tRain fell .\r\n",
            first: "It \" rained .", second: "Rain fell .", target: .label(1)),
        Layout(
            task: .mrpc, split: .test, file: "MRPC/test.tsv",
            text: "\u{FEFF}index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t7\t8\tIt rained .\tRain fell .",
            first: "It rained .", second: "Rain fell ."),
        Layout(
            task: .stsb, split: .dev, file: "STS-B/dev.tsv",
            text: "index\tgenre\tsentence1\tsentence2\tscore\n0\tx\tA dog.\tA hound.\t3.800\n",
            first: "A dog.", second: "A hound.", target: .value(3.8)),
        Layout(
            task: .qqp, split: .train, file: "QQP/train.tsv",
            text: "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n9\t1\t2\tWhy?\tHow so?\t1\n",
            first: "Why?", second: "How so?", target: .label(1)),
        Layout(
            task: .qqp, split: .test, file: "QQP/test.tsv",
            text: "id\tquestion1\tquestion2\n0\tWhy?\tHow so?\n", first: "Why?", second: "How so?"),
        Layout(
            task: .mnli, split: .devMismatched, file: "MNLI/dev_mismatched.tsv",
            text:
                "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\tIt is hot.\tIt is cold.\tneutral\tcontradiction\n",
            first: "It is hot.", second: "It is cold.", target: .label(0)),
        Layout(
            task: .mnli, split: .testMatched, file: "MNLI/test_matched.tsv",
            text: "index\tsentence1\tsentence2\n0\tIt is hot.\tIt is cold.\n",
            first: "It is hot.", second: "It is cold."),
        Layout(
            task: .mnli, split: .diagnostic, file: "diagnostic/diagnostic.tsv",
            text: "index\tsentence1\tsentence2\n0\tIt is hot.\tIt is cold.\n",
            first: "It is hot.", second: "It is cold."),
        Layout(
            task: .qnli, split: .train, file: "QNLI/train.tsv",
            text: "index\tquestion\tsentence\tlabel\n5\tWho came?\tAda came.\tentailment\n",
            first: "Who came?", second: "Ada came.", target: .label(0)),
        Layout(
            task: .rte, split: .dev, file: "RTE/dev.tsv",
            text: "index\tsentence1\tsentence2\tlabel\n5\tAda came.\tBo came.\tnot_entailment\n",
            first: "Ada came.", second: "Bo came.", target: .label(1)),
        Layout(
            task: .wnli, split: .dev, file: "WNLI/dev.tsv",
            text: "index\tsentence1\tsentence2\tlabel\n5\tAda saw Bo. She ran.\tBo ran.\t0\n",
            first: "Ada saw Bo. She ran.", second: "Bo ran.", target: .label(0)),
    ]

    @Test func layoutsCoverEveryTask() {
        #expect(Set(GLUETests.layouts.map(\.task.name)) == Set(GLUE.tasks.map(\.name)))
    }

    @Test(arguments: layouts)
    func eachLayoutIsReadByItsColumns(_ layout: Layout) throws {
        #expect(layout.task.file(of: layout.split) == layout.file)
        let folder = try TemporaryFolder([layout.file: layout.text])
        let line = layout.task.name == "cola" && layout.split == .train ? 1 : 2
        let expected = Example(
            first: layout.first, second: layout.second, target: layout.target, index: 0, line: line)
        #expect(try layout.task.examples(layout.split, in: folder.path) == [expected])
    }

    @Test(arguments: GLUE.tasks)
    func aMissingFileSaysHowToGetIt(_ task: GLUETask) throws {
        let folder = try TemporaryFolder()
        for split in task.splits {
            expectFailure(.data, [folder.path, task.file(of: split), "no such file", "launch/glue"]) {
                _ = try task.examples(split, in: folder.path)
            }
        }
        for split in Split.allCases where !task.splits.contains(split) {
            expectFailure(.usage, ["no split '\(split.rawValue)'"]) {
                _ = try task.examples(split, in: folder.path)
            }
        }
    }

    static let questions = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"

    @Test func brokenRecordsOfQQPAreLeftOutAndCounted() throws {
        let text =
            GLUETests.questions
            + "1\t1\t2\tWhy?\tHow so?\t1\n2\t3\t4\tWhere\n\"\tWhere?\t0\n3\t5\t6\tWho?\t\t0\n"
        let folder = try TemporaryFolder(["QQP/train.tsv": text])
        let file = try GLUETask.qqp.read(.train, in: folder.path)
        #expect(file.droppedLines == [3, 4])
        #expect(file.examples.map(\.index) == [0, 1])
        #expect(file.examples.map(\.line) == [2, 5])
        #expect(file.examples.last?.second == "")
    }

    @Test func aRecordBrokenInTheMiddleOfNothingIsAFailure() throws {
        let good = "1\t1\t2\tWhy?\tHow so?\t1\n"
        let cases: [(split: Split, text: String, words: [String])] = [
            (
                .train, GLUETests.questions + good + "x\ny\nz\n",
                ["3 lines", "too few columns", "line 3", "damaged"]
            ),
            (
                .train, GLUETests.questions + good + "1\t1\t2\tWhy?\tHow\tso?\t1\n",
                ["train.tsv:3", "found 7 columns, expected 6"]
            ),
            (.test, "id\tquestion1\tquestion2\n0\tWhy?\n", ["test.tsv:2", "found 2 columns, expected 3"]),
        ]
        for (split, text, words) in cases {
            let folder = try TemporaryFolder(["QQP/\(split.rawValue).tsv": text])
            expectFailure(.data, words) { _ = try GLUETask.qqp.read(split, in: folder.path) }
        }
        // One in a thousand is allowed in a large file, and one more is not.
        for (broken, isAllowed) in [(3, true), (4, false)] {
            let text =
                GLUETests.questions + String(repeating: good, count: 3000)
                + String(repeating: "x\n", count: broken)
            let folder = try TemporaryFolder(["QQP/dev.tsv": text])
            let file = try? GLUETask.qqp.read(.dev, in: folder.path)
            #expect((file != nil) == isAllowed)
        }
    }
}

/// The benchmark's own files, where they are at hand: `HADAMESH_GLUE`, or `shared/glue` beside the package.
@Suite struct OfficialFilesTests {
    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["HADAMESH_GLUE"]
        let beside = packageRoot.deletingLastPathComponent().appending(path: "shared/glue").path
        return [named, beside].compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
    }()

    struct Size: Sendable, CustomTestStringConvertible {
        let task: GLUETask
        let train: Int
        let dev: Int
        let test: Int
        var testDescription: String { task.name }
    }

    static let sizes: [Size] = [
        Size(task: .cola, train: 8551, dev: 1043, test: 1063),
        Size(task: .sst2, train: 67349, dev: 872, test: 1821),
        Size(task: .mrpc, train: 3668, dev: 408, test: 1725),
        Size(task: .stsb, train: 5749, dev: 1500, test: 1379),
        Size(task: .rte, train: 2490, dev: 277, test: 3000),
        Size(task: .wnli, train: 635, dev: 71, test: 146),
    ]

    @Test(.enabled(if: folder != nil), arguments: sizes)
    func theyHaveTheOfficialSizes(_ size: Size) throws {
        let folder = try #require(OfficialFilesTests.folder)
        for (split, count) in [(Split.train, size.train), (.dev, size.dev), (.test, size.test)] {
            let file = try size.task.read(split, in: folder)
            #expect(file.examples.count == count, "\(split.rawValue)")
            #expect(file.droppedLines.isEmpty)
            #expect(file.examples.map(\.index) == Array(0..<count))
            #expect(file.examples.allSatisfy { ($0.target == nil) == split.isTest })
        }
    }

    @Test(.enabled(if: folder != nil), arguments: [GLUETask.mnli, .qnli, .qqp])
    func whatThereIsOfTheLargeTasksIsRead(_ task: GLUETask) throws {
        let folder = try #require(OfficialFilesTests.folder)
        var read = 0
        for split in task.splits
        where FileManager.default.fileExists(atPath: "\(folder)/\(task.file(of: split))") {
            let file = try task.read(split, in: folder)
            #expect(!file.examples.isEmpty && file.examples.allSatisfy { $0.second != nil })
            read += 1
        }
        #expect(read > 0)
    }
}
