import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct TabSeparatedFileTests {
    private func fields(_ text: String) throws -> [[String]] {
        try TabSeparatedFile(Data(text.utf8), at: "t.tsv").rows.map(\.fields)
    }

    @Test(
        arguments: [
            ("", []), ("a\tb\n1\t2\n", [["a", "b"], ["1", "2"]]), ("a\tb\n1\t2", [["a", "b"], ["1", "2"]]),
            ("a\r\nb\r\n", [["a"], ["b"]]), ("a\r\nb\r", [["a"], ["b"]]), ("\u{feff}a\tb\n", [["a", "b"]]),
            ("a\t\n", [["a", ""]]), ("\t\t\n", [["", "", ""]]), ("a\n\nb\n", [["a"], [""], ["b"]]),
            ("a\t", [["a", ""]]),
            ("\"a\tb\"\tc'\n", [["\"a", "b\"", "c'"]]),
            (" a \u{2028}b\u{85}\u{b}\tc\n", [[" a \u{2028}b\u{85}\u{b}", "c"]]),
            ("a\rb\tc\n", [["a\rb", "c"]]), ("e\u{301}\t😀\0\n", [["e\u{301}", "😀\0"]]), ("\n", [[""]]),
        ] as [(String, [[String]])])
    func onlyTabsAndLineFeedsSeparate(text: String, expected: [[String]]) throws {
        #expect(try fields(text) == expected)
    }

    @Test func rowsKnowTheirLine() throws {
        let table = try TabSeparatedFile(Data("h\n\nx\ty\n".utf8), at: "t.tsv")
        #expect(table.rows.map(\.line) == [1, 2, 3])
        #expect(table.path == "t.tsv")
    }

    @Test func textThatIsNotUTF8IsNamedByLine() throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(Data("a\tb\nc\tcaf".utf8) + Data([0xe9, 0x0a]), to: "latin.tsv")
        #expect(
            throws: Failure.data(
                "found bytes that are not UTF-8", at: "\(path):2", remedy: "convert the file to UTF-8")
        ) {
            try TabSeparatedFile(path: path)
        }
    }

    @Test func aLongTableIsReadWhole() throws {
        let text = (0..<50_000).map { "\($0)\tsome words about \($0)\tlabel" }.joined(separator: "\n")
        let rows = try TabSeparatedFile(Data(text.utf8), at: "t.tsv").rows
        #expect(rows.count == 50_000)
        #expect(rows.last == rows[49_999] && rows[49_999].fields[1] == "some words about 49999")
    }
}

@Suite struct JSONLinesTests {
    let directory: TemporaryFolder

    init() throws { directory = try TemporaryFolder() }

    @Test func linesAreReadBackInOrder() throws {
        let path = directory.file("a.jsonl")
        let lines = try JSONLines(path: path, appending: false)
        try lines.append(["a": 1, "text": "two\nlines"])
        try lines.append([])
        try lines.synchronize()
        #expect(try JSONLines.read(path: path) == [["a": 1, "text": "two\nlines"], []])
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == "{\"a\":1,\"text\":\"two\\nlines\"}\n[]\n")
    }

    @Test(arguments: [
        ("", 0), ("1\n", 1), ("1\n2\n", 2), ("1\n2", 1), ("1\n{\"a\":", 1), ("{\"torn", 0),
    ])
    func reopeningCutsATornLastLine(content: String, whole: Int) throws {
        let path = try directory.write(Data(content.utf8), to: "a.jsonl")
        #expect(try JSONLines.read(path: path).count == whole)
        let lines = try JSONLines(path: path, appending: true)
        try lines.append("new")
        let read = try JSONLines.read(path: path)
        #expect(read.count == whole + 1)
        #expect(read.last == "new")
    }

    @Test func startingAnewDropsWhatWasThere() throws {
        let path = try directory.write(Data("1\n".utf8), to: "a.jsonl")
        try JSONLines(path: path, appending: false).append(2)
        #expect(try JSONLines.read(path: path) == [2])
    }

    @Test(arguments: ["1\noops\n3\n", "1\n\n3\n"]) func aBadLineIsNamed(content: String) throws {
        let path = try directory.write(Data(content.utf8), to: "a.jsonl")
        let failure = try #require(throws: Failure.self) { try JSONLines.read(path: path) }
        #expect(failure.location == "\(path):2")
    }
}

@Suite struct TextTableTests {
    private let table = TextTable([
        ["key", "default", "meaning"], ["form", "[row, column]", "a long meaning of this key"],
    ])

    @Test func wideColumnsAreFolded() {
        #expect(
            table.folded(within: 32) == """
                key   default  meaning
                form  [row,    a long meaning of
                      column]  this key
                """)
        #expect(table.folded(within: 200) == table.aligned)
    }

    @Test func aTableInBlocksRepeatsItsNames() {
        #expect(
            TextTable([["t", "l", "a", "b"], ["x", "0", "1", "2"]], numbers: true).aligned(
                within: 8, names: 2)
                == "t  l  a\nx  0  1\n\nt  l  b\nx  0  2")
    }
}
