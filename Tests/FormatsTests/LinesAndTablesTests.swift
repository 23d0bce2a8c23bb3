import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

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
