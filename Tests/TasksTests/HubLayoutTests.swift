import Diagnostics
import Foundation
import Tasks
import TestSupport
import Testing

/// GLUE as the hub's dataset `glue` lays it out, exported as JSON lines.
@Suite struct HubLayoutTests {
    /// A task's columns in the hub's files and in GLUE's, and GLUE's values in the hub's order.
    struct Form: Sendable, CustomTestStringConvertible {
        let task: GLUETask
        let hub: [String]
        /// The header of GLUE's labelled files; nil for CoLA's, which have none.
        let header: [String]?
        let texts: [String]
        let label: String
        let values: [String]
        var testDescription: String { task.name }
    }

    static let forms: [Form] = [
        Form(task: .cola, hub: ["sentence"], header: nil, texts: [], label: "", values: ["0", "1"]),
        Form(
            task: .sst2, hub: ["sentence"], header: ["sentence", "label"], texts: ["sentence"],
            label: "label",
            values: ["0", "1"]),
        Form(
            task: .mrpc, hub: ["sentence1", "sentence2"],
            header: ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"],
            texts: ["#1 String", "#2 String"],
            label: "Quality", values: ["0", "1"]),
        Form(
            task: .stsb, hub: ["sentence1", "sentence2"],
            header: ["index", "sentence1", "sentence2", "score"],
            texts: ["sentence1", "sentence2"], label: "score", values: []),
        Form(
            task: .qqp, hub: ["question1", "question2"],
            header: ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"],
            texts: ["question1", "question2"], label: "is_duplicate", values: ["0", "1"]),
        Form(
            task: .mnli, hub: ["premise", "hypothesis"],
            header: ["index", "sentence1", "sentence2", "gold_label"], texts: ["sentence1", "sentence2"],
            label: "gold_label", values: ["entailment", "neutral", "contradiction"]),
        Form(
            task: .qnli, hub: ["question", "sentence"], header: ["index", "question", "sentence", "label"],
            texts: ["question", "sentence"], label: "label", values: ["entailment", "not_entailment"]),
        Form(
            task: .rte, hub: ["sentence1", "sentence2"],
            header: ["index", "sentence1", "sentence2", "label"],
            texts: ["sentence1", "sentence2"], label: "label", values: ["entailment", "not_entailment"]),
        Form(
            task: .wnli, hub: ["sentence1", "sentence2"],
            header: ["index", "sentence1", "sentence2", "label"],
            texts: ["sentence1", "sentence2"], label: "label", values: ["0", "1"]),
    ]

    /// The texts of a row by column, and its label as the hub and as GLUE's file have it.
    private static func rows(_ form: Form) -> [(texts: [String], hub: String, own: String)] {
        let labels =
            form.values.isEmpty
            // A float32 column in pandas' ten decimals, and the number in GLUE's file.
            ? [("3.7999999523", "3.800"), ("0.0", "0.000"), ("4.3330001831", "4.333"), ("5", "5.000")]
            : form.values.enumerated().map { ("\($0)", $1) }
        return labels.enumerated().map { index, label in
            (form.hub.map { "A \"\($0)\" of \(index)\u{e9}." }, label.0, label.1)
        }
    }

    private static func lines(_ form: Form) -> String {
        rows(form).enumerated().map { index, row in
            let texts = zip(form.hub, row.texts).map { name, text in
                "\"\(name)\":\"\(text.replacing("\"", with: "\\\"").replacing("\u{e9}", with: "\\u00e9"))\""
            }
            return "{\((texts + ["\"label\":\(row.hub)", "\"idx\":\(index)"]).joined(separator: ","))}\n"
        }.joined()
    }

    private static func table(_ form: Form) -> String {
        let header = form.header.map { [$0] } ?? []
        let body = rows(form).map { row in
            (form.header ?? ["source", "label", "star", "sentence"]).map { column in
                if column == form.label || form.header == nil && column == "label" { return row.own }
                let position = form.texts.firstIndex(of: column) ?? (column == "sentence" ? 0 : nil)
                return position.map { row.texts[$0] } ?? "7"
            }
        }
        return (header + body).map { $0.joined(separator: "\t") + "\n" }.joined()
    }

    @Test func everyTaskHasAForm() {
        #expect(Self.forms.map(\.task.name).sorted() == GLUE.tasks.map(\.name).sorted())
    }

    @Test(arguments: forms)
    func bothLayoutsHaveTheSameExamples(_ form: Form) throws {
        let official = try TemporaryFolder([form.task.file(of: .train): Self.table(form)])
        let expected = try form.task.examples(.train, in: official.path)
        #expect(expected.count == Self.rows(form).count && form.task.textNames == form.hub)
        for name in ["train.jsonl", "train-00000-of-00001.jsonl", "train.json"] {
            let hub = try TemporaryFolder(["\(form.task.name)/\(name)": Self.lines(form)])
            let found = try form.task.read(.train, in: hub.path)
            #expect(found.path.hasSuffix("/\(form.task.name)/\(name)"))
            #expect(found.examples.map(\.first) == expected.map(\.first))
            #expect(found.examples.map(\.second) == expected.map(\.second))
            #expect(found.examples.map(\.target) == expected.map(\.target), "\(name)")
        }
    }

    @Test(
        arguments: [
            (.cola, .dev, "cola/validation.jsonl"), (.rte, .test, "rte/test-00000-of-00001.jsonl"),
            (.mnli, .devMatched, "mnli/validation_matched.jsonl"),
            (.mnli, .devMismatched, "mnli/validation_mismatched.jsonl"),
            (.mnli, .testMatched, "mnli/test_matched.jsonl"),
            (.mnli, .testMismatched, "mnli/test_mismatched.jsonl"), (.mnli, .diagnostic, "ax/test.jsonl"),
        ] as [(GLUETask, Split, String)])
    func aSplitHasTheHubsName(task: GLUETask, split: Split, file: String) throws {
        let texts = task.textNames.map { "\"\($0)\": \"x\"" }.joined(separator: ", ")
        let folder = try TemporaryFolder([file: "{\(texts), \"label\": \(split.isTest ? -1 : 1)}\n"])
        let read = try task.examples(split, in: folder.path)
        #expect(read.count == 1 && (read[0].target == nil) == split.isTest)
        #expect(try task.paths(of: split, in: folder.path) == [file])
        // A submission finds it too.
        let missing = task.submission.map(\.split).filter { $0 != split }.map { task.file(of: $0) }
        if split.isTest {
            let says =
                missing.isEmpty
                ? "found 1 examples, GLUE's file has " : "found no \(missing.joined(separator: ", "));"
            expectFailure(.data, [says]) { try GLUETask.requireTestFiles(of: [task], in: folder.path) }
        }
    }

    @Test func theBenchmarksOwnFileComesFirst() throws {
        let folder = try TemporaryFolder([
            "SST-2/train.tsv": "sentence\tlabel\nown\t1\n",
            "sst2/train.jsonl": "{\"sentence\": \"hub\", \"label\": 0}\n",
        ])
        #expect(try GLUETask.sst2.examples(.train, in: folder.path).map(\.first) == ["own"])
    }

    @Test(
        arguments: [
            ("{\"sentence\": \"x\", \"label\": -1}", ["train.jsonl:2: unknown label '-1'", "no label"]),
            (
                "{\"sentence\": \"x\", \"label\": 2}",
                ["train.jsonl:2: unknown label '2'", "0 is negative, 1 is"]
            ),
            ("{\"sentence\": \"x\", \"label\": null}", ["train.jsonl:2: 'label' is null"]),
            ("{\"text\": \"x\", \"label\": 1}", ["train.jsonl:2: no key 'sentence'", "'text', 'label'"]),
        ])
    func aWrongLineOfTheHubsFileIsNamed(line: String, words: [String]) throws {
        let folder = try TemporaryFolder([
            "sst2/train.jsonl": "{\"sentence\": \"x\", \"label\": 1}\n\(line)\n"
        ])
        expectFailure(.data, [folder.path] + words) {
            _ = try GLUETask.sst2.examples(.train, in: folder.path)
        }
    }

    @Test(arguments: ["jsonl", "json"])
    func shardsAreReadInOrder(suffix: String) throws {
        func shard(_ index: Int, of count: Int) -> String {
            "cola/train-0000\(index)-of-0000\(count).\(suffix)"
        }
        func line(_ text: String) -> String { "{\"sentence\": \"\(text)\", \"label\": 1}\n" }
        let folder = try TemporaryFolder([
            shard(1, of: 3): line("c"), shard(0, of: 3): line("a") + line("b"), shard(2, of: 3): line("d"),
            "cola/train-extra-00000-of-00001.jsonl": line("x"),
        ])
        let read = try GLUETask.cola.read(.train, in: folder.path)
        #expect(read.examples.map(\.first) == ["a", "b", "c", "d"])
        #expect(read.examples.map(\.index) == [0, 1, 2, 3] && read.examples.map(\.line) == [1, 2, 1, 1])
        #expect(read.path == "\(folder.path)/\(shard(0, of: 3))")
        try folder.write("{\"sentence\": \"x\", \"label\": 2}\n", to: shard(2, of: 3))
        expectFailure(.data, ["\(shard(2, of: 3)):1: unknown label '2'"]) {
            _ = try GLUETask.cola.read(.train, in: folder.path)
        }
        try FileManager.default.removeItem(atPath: folder.file(shard(1, of: 3)))
        expectFailure(.data, ["\(shard(1, of: 3)): there is no such file, one of 3 shards", "all shards"]) {
            _ = try GLUETask.cola.read(.train, in: folder.path)
        }
        // Converted in part: the command converts the rest.
        try folder.write("PAR1", to: "cola/train-00001-of-00003.parquet")
        expectFailure(.data, ["cola/train-00001-of-00003.parquet: is a Parquet file", "/*/*.parquet"]) {
            _ = try GLUETask.cola.read(.train, in: folder.path)
        }
        try folder.write(line("y"), to: shard(0, of: 1))
        expectFailure(.data, ["cola: has train in 1 and in 3 shards; remove all shards but"]) {
            _ = try GLUETask.cola.read(.train, in: folder.path)
        }
        // A whole file comes first.
        try folder.write(line("whole"), to: "cola/train.\(suffix)")
        #expect(try GLUETask.cola.examples(.train, in: folder.path).map(\.first) == ["whole"])
    }

    @Test func parquetIsRefusedWithTheCommandThatConvertsIt() throws {
        let folder = try TemporaryFolder(["cola/train-00000-of-00001.parquet": "PAR1"])
        let words = [
            "\(folder.path)/cola/train-00000-of-00001.parquet: is a Parquet file",
            "pip install pandas pyarrow",
            "python3 -c \"import sys, pandas; ", " \(folder.path)/*/*.parquet",
        ]
        expectFailure(.data, words) { _ = try GLUETask.cola.examples(.train, in: folder.path) }
        // Once it is converted, the file beside it is read.
        try folder.write(
            "{\"sentence\":\"x\",\"label\":1,\"idx\":0}\n", to: "cola/train-00000-of-00001.jsonl")
        #expect(try GLUETask.cola.examples(.train, in: folder.path).map(\.target) == [.label(1)])
        expectFailure(.data, ["CoLA/dev.tsv", "cola/validation.jsonl of the hub's data"]) {
            _ = try GLUETask.cola.examples(.dev, in: folder.path)
        }
        try folder.write("PAR1", to: "rte/test-00000-of-00001.parquet")
        expectFailure(.data, ["rte/test-00000-of-00001.parquet", "python3 -c"]) {
            try GLUETask.requireTestFiles(of: [.rte], in: folder.path)
        }
    }
}
