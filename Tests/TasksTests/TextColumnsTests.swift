import Diagnostics
import Formats
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct TextColumnsTests {
    private func texts(_ text: String, _ task: GLUETask, _ columns: String? = nil) throws -> [[String]] {
        let table = try TabSeparatedFile(Data(text.utf8), at: "in.tsv")
        return try task.texts(of: table, in: columns.map { TextColumns($0) })
            .map { [$0.first, $0.second].compactMap(\.self) }
    }

    @Test(
        arguments: [
            ("a dog\r\na cat", .sst2, nil, [["a dog"], ["a cat"]]),
            ("a dog\ta cat\n", .rte, nil, [["a dog", "a cat"]]),
            ("index\tsentence\n0\ta dog\n", .sst2, "sentence", [["a dog"]]),
            ("0\ta dog\n1\ta cat\n", .sst2, "2", [["a dog"], ["a cat"]]),
            ("index\tsentence1\tsentence2\n0\ta\tb\n", .rte, "sentence2,sentence1", [["b", "a"]]),
            ("0\ta\tb\n", .rte, "2,3", [["a", "b"]]),
        ] as [(String, GLUETask, String?, [[String]])])
    func textsAreThoseOfTheColumns(
        text: String, task: GLUETask, columns: String?, expected: [[String]]
    ) throws {
        #expect(try texts(text, task, columns) == expected)
    }

    @Test(
        arguments: [
            ("0\ta\tb\n", .rte, nil, ["in.tsv:1: found 3 columns, expected 2;", "--columns", "--split"]),
            ("a\n", .rte, nil, ["in.tsv:1: found 1 column, expected 2;", "tab between them"]),
            ("a\tb\n\n", .rte, nil, ["in.tsv:2: found a blank line, expected 2"]),
            ("a\n\nb\n", .sst2, nil, ["in.tsv:2: found a blank line, expected 1"]),
            ("a\n \n", .sst2, nil, ["in.tsv:2: the first sentence is empty"]),
            ("a\t\n", .rte, nil, ["in.tsv:1: the second sentence is empty"]),
            ("a\tb\n", .sst2, nil, ["in.tsv:1: found 2 columns, expected 1;", "one text"]),
            ("", .sst2, nil, ["in.tsv: found no lines", "at least one line"]),
            (
                "index\ttext\n0\ta\n", .sst2, "sentence",
                ["in.tsv:1: no column 'sentence'", "'index', 'text'"]
            ),
            ("0\ta\n1\ta\tb\n", .sst2, "2", ["in.tsv:2: found 3 columns, expected 2", "only tabs"]),
            ("0\ta\n", .sst2, "3", ["--columns: found column 3, expected 1 to 2", "in.tsv:1"]),
            ("0\ta\n", .sst2, "0", ["--columns: found column 0, expected 1 to 2"]),
            ("0\ta\n", .rte, "2", ["--columns: found 1, expected 2", "--columns 2,3"]),
            ("0\ta\n", .sst2, "1,2", ["--columns: found 2, expected 1"]),
        ] as [(String, GLUETask, String?, [String])])
    func otherTablesAreRefused(text: String, task: GLUETask, columns: String?, words: [String]) {
        expectFailure(words[0].hasPrefix("--") ? .usage : .data, words) {
            _ = try texts(text, task, columns)
        }
    }
}
