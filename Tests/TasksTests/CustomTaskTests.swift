import Diagnostics
import Foundation
import Tasks
import TestSupport
import Testing

private func reference(_ json: String) throws -> TaskReference {
    try JSONDecoder().decode(TaskReference.self, from: Data(json.utf8))
}

private func declared(_ json: String) throws -> CustomTask {
    try JSONDecoder().decode(CustomTask.self, from: Data(json.utf8))
}

/// A declaration of a task with two sentences and two labels, with keys replaced or added.
private func declaration(_ changes: [String: String] = [:], without removed: [String] = []) -> String {
    var keys = [
        "name": #""topic""#, "train": #""topic/train.tsv""#, "dev": #""topic/dev.tsv""#,
        "columns": #"{"first": "text", "second": "other", "label": "kind"}"#,
        "labels": #"["news", "sport"]"#, "metrics": #"["accuracy", "f1"]"#,
    ]
    keys.merge(changes) { _, new in new }
    for key in removed { keys[key] = nil }
    return "{" + keys.map { "\"\($0)\": \($1)" }.sorted().joined(separator: ", ") + "}"
}

@Suite struct DeclarationTests {
    @Test func aDeclarationIsReadAsWritten() throws {
        let task = try declared(declaration(["test": #""topic/test.tsv""#]))
        #expect(task.name == "topic")
        #expect(task.output == .classes(["news", "sport"]))
        #expect(task.metrics == [.accuracy, .f1])
        #expect(task.columns == CustomTask.Columns(first: "text", second: "other", label: "kind"))
        #expect(task.splits == [.train, .dev, .test] && task.evaluationSplits == [.dev])
    }

    @Test func defaultsAreTheUsualColumnsAndMetrics() throws {
        let classes = try declared(declaration(without: ["columns", "metrics"]))
        #expect(classes.columns == CustomTask.Columns(first: "text", second: nil, label: "label"))
        #expect(classes.metrics == [.accuracy] && classes.splits == [.train, .dev])
        let range = try declared(declaration(["range": "[-1, 2.5]"], without: ["labels", "metrics"]))
        #expect(range.output == .regression(-1...2.5) && range.metrics == [.pearson, .spearman])
    }

    /// A remedy names the split of a test file only if there is one.
    @Test func aTableIsNotReferredToAFileThatIsNotThere() throws {
        for (test, remedy) in [
            (#""t.tsv""#, "with --columns, or use --split test for the run's own file"),
            ("null", "choose columns of a table with --columns"),
        ] {
            let task = try declared(declaration(["test": test]))
            let failure = #expect(throws: Failure.self) {
                try task.texts(of: Data("0\ta\tb\n".utf8), at: "in.tsv")
            }
            #expect(failure?.remedy?.hasSuffix(remedy) == true, "\(failure?.description ?? "none")")
        }
    }

    @Test func labelsMayBeWholeNumbers() throws {
        #expect(try declared(declaration(["labels": "[0, 1]"])).output == .classes(["0", "1"]))
    }

    @Test(arguments: [
        declaration(["test": #""t.tsv""#]), declaration(["format": #""jsonl""#]),
        declaration(["range": "[0, 5]", "metrics": #"["spearman"]"#], without: ["labels"]),
    ])
    func writingGivesTheSameKeysAndValues(_ json: String) throws {
        let written = try JSONEncoder().encode(try reference(json))
        let original = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
        let again = try JSONSerialization.jsonObject(with: written) as? NSDictionary
        #expect(original != nil && again == original)
        #expect(try JSONDecoder().decode(TaskReference.self, from: written) == reference(json))
    }

    /// A broken declaration, and the words its failure must have.
    static let broken: [(json: String, words: [String])] = [
        (declaration(without: ["name"]), ["name", "missing key 'name'"]),
        (declaration(without: ["train"]), ["missing key 'train'"]),
        (declaration(without: ["dev"]), ["missing key 'dev'"]),
        (declaration(["train": #""""#]), ["train", "empty"]),
        (declaration(["test": #""""#]), ["test", "empty"]),
        (declaration(["format": #""cvs""#]), ["format", "unknown value 'cvs'", "did you mean 'csv'?"]),
        (declaration(["lables": #"["a"]"#]), ["lables", "did you mean 'labels'?"]),
        (declaration(["name": #""""#]), ["name", "empty"]),
        (declaration(["name": #""a/b""#]), ["name", "'a/b'", "directory name"]),
        (declaration(["name": #""..""#]), ["name", "begin"]),
        (declaration(["name": #""-x""#]), ["name", "begin"]),
        (declaration(["name": #""a\u0000b""#]), ["name"]),
        (declaration(["name": #""a b""#]), ["name", "letters, digits"]),
        (declaration(["name": #""mrpc""#]), ["name", "GLUE"]),
        (declaration(["name": #""MRPC""#]), ["name", "GLUE"]),
        (declaration(["name": "[]"]), ["name", "expected a string"]),
        (declaration(without: ["labels"]), ["labels", "neither labels nor range"]),
        (declaration(["range": "[0, 1]"]), ["range", "both"]),
        (declaration(["labels": "[]"]), ["labels", "0 labels"]),
        (declaration(["labels": #"["a"]"#]), ["labels", "1 label, expected at least two"]),
        (declaration(["labels": #"["a", "b", "a"]"#]), ["labels", "'a' is listed twice"]),
        (declaration(["labels": #"["a", ""]"#]), ["labels", "empty"]),
        (declaration(["labels": #"["a", "b\tc"]"#]), ["labels", "tab"]),
        (declaration(["labels": #"["a", []]"#]), ["labels", "expected a label"]),
        (declaration(["labels": #""a""#]), ["labels"]),
        (declaration(["range": "[1, 1]"], without: ["labels", "metrics"]), ["range", "empty"]),
        (declaration(["range": "[2, 1]"], without: ["labels", "metrics"]), ["range", "empty"]),
        (declaration(["range": "[1]"], without: ["labels", "metrics"]), ["range", "has length 1"]),
        (declaration(["range": "[0, 1e300]"], without: ["labels", "metrics"]), ["range", "Float"]),
        (declaration(["range": #"["low", "high"]"#], without: ["labels", "metrics"]), ["range"]),
        (declaration(["metrics": "[]"]), ["metrics", "empty"]),
        (declaration(["metrics": #"["acuracy"]"#]), ["metrics", "did you mean 'accuracy'?"]),
        (declaration(["metrics": #"["pearson"]"#]), ["metrics", "pearson needs a regression task (range:)"]),
        (declaration(["metrics": #"["f1", "f1"]"#]), ["metrics", "'f1' is listed twice"]),
        (declaration(["labels": #"["a", "b", "c"]"#]), ["metrics", "f1", "macro-f1"]),
        (
            declaration(["range": "[0, 1]"], without: ["labels"]),
            ["metrics", "accuracy needs a classification task (labels:)"]
        ),
        (declaration(["columns": #"{"frist": "text"}"#]), ["columns.frist", "did you mean 'first'?"]),
        (declaration(["columns": #"{"second": "text"}"#]), ["columns.second", "same column"]),
        (declaration(["columns": #"{"label": "text"}"#]), ["columns.label", "'text'"]),
        ("[]", ["expected a mapping"]),
    ]

    @Test(arguments: broken)
    func aBrokenDeclarationNamesTheKey(_ json: String, _ words: [String]) {
        expectFailure(.usage, words) { _ = try declared(json) }
    }
}

@Suite struct TaskReferenceTests {
    @Test(arguments: GLUE.tasks)
    func aNameIsAGLUETask(_ task: GLUETask) throws {
        let listed = try reference("\"\(task.name)\"")
        #expect(listed == .glue(task.name) && listed.name == task.name)
        #expect(try listed.resolve().metrics == task.metrics)
        #expect(try JSONEncoder().encode(listed) == Data("\"\(task.name)\"".utf8))
    }

    @Test func aMappingIsACustomTask() throws {
        let listed = try reference(declaration())
        #expect(listed.name == "topic")
        #expect(try listed.resolve() is CustomTask)
    }

    @Test(arguments: [
        (#"["mrcp"]"#, ["[0]", "'mrcp'", "did you mean 'mrpc'?"]),
        (#"["cola", "sentiment"]"#, ["[1]", "'sentiment'", "allowed: cola", "mapping"]),
        (#"["rte", {"name": "x"}]"#, ["[1].train", "missing key"]),
        ("[3]", ["[0]", "expected a mapping"]),
    ])
    func whatIsNeitherIsAFailureWithItsPlace(_ json: String, _ words: [String]) {
        expectFailure(.usage, words) {
            _ = try JSONDecoder().decode([TaskReference].self, from: Data(json.utf8))
        }
    }
}

@Suite struct CustomReadingTests {
    @Test func columnsAreFoundByNameInAnyOrder() throws {
        let folder = try TemporaryFolder([
            "topic/train.tsv": "kind\tnote\tother\ttext\nsport\t-\tBo won.\t\"Ada ran.\nnews\t\tRain.\tSun.\n"
        ])
        let expected = [
            Example(first: "\"Ada ran.", second: "Bo won.", target: .label(1), index: 0, line: 2),
            Example(first: "Sun.", second: "Rain.", target: .label(0), index: 1, line: 3),
        ]
        let task = try declared(declaration())
        #expect(try task.examples(.train, in: folder.path) == expected)
        #expect(try task.examples(.train, in: folder.path + "/") == expected)
        let absolute = try declared(declaration(["train": "\"\(folder.path)/topic/train.tsv\""]))
        #expect(try absolute.examples(.train, in: "elsewhere") == expected)
    }

    @Test func aTestFileHasTargetsWhereItHasLabels() throws {
        let task = try declared(declaration(["test": #""t.tsv""#]))
        let without = try TemporaryFolder(["t.tsv": "text\tother\na\tb\n"])
        #expect(try task.examples(.test, in: without.path).map(\.target) == [nil])
        let with = try TemporaryFolder(["t.tsv": "text\tother\tkind\na\tb\tsport\n"])
        #expect(try task.examples(.test, in: with.path).map(\.target) == [.label(1)])
        let undeclared = try declared(declaration())
        expectFailure(.usage, ["no split 'test'"]) { _ = try undeclared.examples(.test, in: with.path) }
    }

    /// Text of a training file, and the words its failure must have.
    static let brokenFiles: [(text: String, words: [String])] = [
        ("", ["train.tsv", "found no lines"]),
        ("text\tother\tkind\n", ["train.tsv", "no examples"]),
        ("text\tother\nx\ty\n", ["train.tsv:1", "no column 'kind'", "'text', 'other'"]),
        ("text,other,kind\nx,y,news\n", ["train.tsv:1", "no column 'text'", "'text,other,kind'"]),
        ("text\tother\tkind\ttext\nx\ty\tnews\tz\n", ["train.tsv:1", "2 columns are named 'text'"]),
        ("text\tother\tkind\nx\ty\tnews\nx\ty\n", ["train.tsv:3", "found 2 columns, expected 3"]),
        ("text\tother\tkind\nx\ty\tz\tnews\n", ["train.tsv:2", "found 4 columns, expected 3"]),
        ("text\tother\tkind\nx\ty\tnews\n\nx\ty\tnews\n", ["train.tsv:3", "found a blank line, expected 3"]),
        ("text\tother\tkind\nx\ty\tSport\n", ["train.tsv:2", "'Sport'", "'news', 'sport'"]),
        ("text\tother\tkind\nx\ty\t\n", ["train.tsv:2", "''", "'news', 'sport'"]),
        ("text\tother\tkind\nx\ty\tsport \n", ["train.tsv:2", "'sport '"]),
        ("text\tother\tkind\n\ty\tsport\n", ["train.tsv:2", "first sentence is empty"]),
        ("text\tother\tkind\nx\t \u{3000}\tsport\n", ["train.tsv:2", "second sentence is empty"]),
    ]

    @Test(arguments: brokenFiles)
    func aBrokenFileIsNamedWithItsLine(_ text: String, _ words: [String]) throws {
        let folder = try TemporaryFolder(["topic/train.tsv": text])
        let task = try declared(declaration())
        expectFailure(.data, [folder.path] + words) { _ = try task.examples(.train, in: folder.path) }
    }

    @Test(arguments: [
        ("", "not a number"), ("high", "not a number"), ("nan", "not a number"), ("inf", "not a number"),
        ("-1e999", "not a number"), ("1,5", "not a number"), (" 1", "not a number"),
        ("-0.01", "outside 0.0 to 5.0"),
        ("5.001", "outside 0.0 to 5.0"),
    ])
    func aValueMustBeANumberInTheRange(_ value: String, _ problem: String) throws {
        let task = try declared(
            declaration(["range": "[0, 5]", "train": #""t.tsv""#], without: ["labels", "metrics"]))
        let folder = try TemporaryFolder(["t.tsv": "text\tother\tkind\na\tb\t5\nc\td\t0\ne\tf\t\(value)\n"])
        expectFailure(.data, ["t.tsv:4", "'\(value)'", problem]) {
            _ = try task.examples(.train, in: folder.path)
        }
    }

    @Test(arguments: [
        (
            "csv", "other,kind,text\r\n\"Bo won.\",sport,\"\"\"Ada, ran.\"\r\nRain.,news,\"Sun\nset.\"\r\n",
            [2, 3]
        ),
        (
            "jsonl",
            """
            {"kind": "sport", "text": "\\"Ada, ran.", "other": "Bo won.", "id": null}
            {"text": "Sun\\nset.", "other": "Rain.", "kind": "news"}
            """, [1, 2]
        ),
    ])
    func otherFormatsHaveTheSameExamples(_ format: String, _ text: String, _ lines: [Int]) throws {
        let folder = try TemporaryFolder(["topic/train.\(format)": text, "topic/plain": text])
        for changes in [
            ["train": "\"topic/train.\(format)\""], ["train": #""topic/plain""#, "format": "\"\(format)\""],
        ] {
            let task = try declared(declaration(changes))
            let expected = [
                Example(first: "\"Ada, ran.", second: "Bo won.", target: .label(1), index: 0, line: lines[0]),
                Example(first: "Sun\nset.", second: "Rain.", target: .label(0), index: 1, line: lines[1]),
            ]
            #expect(try task.examples(.train, in: folder.path) == expected)
        }
    }

    @Test func aTestFileOfObjectsHasTargetsWhereItHasLabels() throws {
        let task = try declared(declaration(["test": #""t.jsonl""#]))
        let without = try TemporaryFolder(["t.jsonl": #"{"text": "a", "other": "b"}"#])
        #expect(try task.examples(.test, in: without.path).map(\.target) == [nil])
        let with = try TemporaryFolder(["t.jsonl": #"{"text": "a", "kind": "sport", "other": "b"}"#])
        #expect(try task.examples(.test, in: with.path).map(\.target) == [.label(1)])
    }

    @Test(arguments: [
        ("csv", "text,other,kind\nx,y\n", [":2: found 2 columns, expected 3", "commas separate columns"]),
        ("csv", "text\tother\tkind\n", [":1: no column 'text'", "separated by commas"]),
        (
            "csv", "text,other,kind\n\"x\ny\",z,a\n",
            [":2: unknown label 'a', expected one of 'news', 'sport'"]
        ),
        ("csv", "text,other,kind\nx,y,\"news\n", [":2: the file ends inside a field whose quote opened on"]),
        ("jsonl", "{\"text\":\"x\",\"other\":\"y\"}\n", [":1: no key 'kind'", "which has 'text', 'other'"]),
        ("jsonl", "{\"text\":\"x\",\"other\":\"y\",\"kind\":1}\n", [":1: unknown label '1'"]),
        ("jsonl", "{\"text\":\"x\",\"other\":null,\"kind\":\"news\"}\n", [":1: 'other' is null"]),
        ("jsonl", "{\"text\":1,\"text\":2}\n", [":1: key 'text' appears twice"]),
        (
            "jsonl", "[\n{\"text\":1}\n]\n",
            [":1: found a list, expected an object", "one object on each line"]
        ),
    ])
    func aBrokenFileOfAnotherFormatIsNamedWithItsLine(
        _ format: String, _ text: String, _ words: [String]
    ) throws {
        let folder = try TemporaryFolder(["t.\(format)": text])
        let task = try declared(declaration(["train": "\"t.\(format)\""]))
        expectFailure(.data, ["\(folder.path)/t.\(format)\(words[0])"] + words.dropFirst()) {
            _ = try task.examples(.train, in: folder.path)
        }
    }

    @Test func aMissingFileNamesTheKeyThatNamesIt() throws {
        let folder = try TemporaryFolder()
        let task = try declared(declaration())
        expectFailure(.data, ["topic/dev.tsv", "no such file", "'dev'", "'topic'"]) {
            _ = try task.examples(.dev, in: folder.path)
        }
    }

    @Test func textThatIsNotUTF8IsNamedWithItsLine() throws {
        let folder = try TemporaryFolder()
        var bytes = Data("text\tother\tkind\nx\ty\tnews\nx\t".utf8)
        bytes.append(contentsOf: [0xC3, 0x28])
        bytes.append(contentsOf: Data("\tnews\n".utf8))
        let file = URL(filePath: folder.path).appending(path: "t.tsv")
        try bytes.write(to: file)
        let task = try declared(declaration(["train": #""t.tsv""#]))
        expectFailure(.data, ["t.tsv:3", "UTF-8"]) { _ = try task.examples(.train, in: folder.path) }
    }
}
