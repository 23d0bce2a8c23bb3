import Diagnostics
import Formats
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct TextColumnsTests {
    private func texts(
        _ text: String, _ task: GLUETask, _ columns: String? = nil, in format: DataFormat = .tsv
    ) throws -> [[String]] {
        try task.texts(
            of: Data(text.utf8), at: "in.\(format.rawValue)", format: format,
            in: columns.map { TextColumns($0) }
        ).map { [$0.first, $0.second].compactMap(\.self) }
    }

    @Test(
        arguments: [
            ("a dog\r\na cat", .sst2, nil, [["a dog"], ["a cat"]]),
            ("a dog\ta cat\n", .rte, nil, [["a dog", "a cat"]]),
            ("index\tsentence\n0\ta dog\n", .sst2, "sentence", [["a dog"]]),
            ("0\ta dog\n1\ta cat\n", .sst2, "2", [["a dog"], ["a cat"]]),
            ("index\tsentence1\tsentence2\n0\ta\tb\n", .rte, "sentence2,sentence1", [["b", "a"]]),
            ("0\ta\tb\n", .rte, "2,3", [["a", "b"]]),
            ("a text\nquestions\n\"a dog\"\n", .sst2, nil, [["a text"], ["questions"], ["\"a dog\""]]),
            ("text\ttext\n", .rte, nil, [["text", "text"]]),
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
            ("a\n \n", .sst2, nil, ["in.tsv:2: the text is empty"]),
            ("a\t\n", .rte, nil, ["in.tsv:1: the second sentence is empty"]),
            ("a\tb\n", .sst2, nil, ["in.tsv:1: found 2 columns, expected 1;", "one text"]),
            ("", .sst2, nil, ["in.tsv: found no lines", "at least one line"]),
            ("sentence\na\n", .sst2, nil, ["in.tsv:1: found a header, sentence", "--columns 'sentence'"]),
            ("sentence1\tsentence2\na\tb\n", .rte, nil, ["in.tsv:1: found a header", "sentence1,sentence2"]),
            ("sentence\n", .sst2, nil, ["in.tsv:1: found a header, sentence"]),
            (" Sentence \na\n", .sst2, nil, ["in.tsv:1: found a header", "--columns ' Sentence '"]),
            ("Text\na\n", .sst2, nil, ["in.tsv:1: found a header, Text, expected a text"]),
            ("question\tPassage\na\tb\n", .rte, nil, ["in.tsv:1: found a header, question,Passage"]),
            (
                "sentence2\tSentence1\na\tb\n", .rte, nil,
                ["in.tsv:1: found a header", "--columns 'Sentence1,sentence2'"]
            ),
            ("\"Sentence\"\n\"a dog\"\n", .sst2, nil, ["in.tsv:1: found the header of a CSV file"]),
            ("id,Text,label\n1,a,0\n", .sst2, nil, ["in.tsv:1: found the header of a CSV file"]),
            ("sentence1,sentence2\n", .rte, nil, ["in.tsv:1: found the header of a CSV file"]),
            (
                "index\tsentence1\tsentence2\n0\ta\tb\n", .rte, "2,3",
                ["in.tsv:1: found a header", "by name: --columns 'sentence1,sentence2'"]
            ),
            (
                "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t2\t3\ta\tb\n", .mrpc, "4,5",
                ["in.tsv:1: found a header", "--columns '#1 String,#2 String'"]
            ),
            (
                "id,\"sentence\"\n1,a dog\n", .sst2, nil,
                ["in.tsv:1: found the header of a CSV", "--input-format csv"]
            ),
            ("sentence1,sentence2\na,b\n", .rte, nil, ["in.tsv:1: found the header of a CSV file"]),
            (
                "{\"sentence\": \"a\"}\n", .sst2, nil,
                ["in.tsv:1: found a JSON object", "--input-format jsonl"]
            ),
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

    @Test(
        arguments: [
            (.csv, "sentence,id\n\"a dog, a cat\",1\n", .sst2, nil, [["a dog, a cat"]]),
            (.csv, "id,hypothesis,premise\n1,b,a\n", .mnli, nil, [["a", "b"]]),
            (.csv, "id,text\n1,a dog\n", .sst2, "text", [["a dog"]]),
            (.csv, "1,a dog\n2,a cat\n", .sst2, "2", [["a dog"], ["a cat"]]),
            (.jsonl, "{\"sentence\": \"a\\tdog\", \"label\": null}\n", .sst2, nil, [["a\tdog"]]),
            (
                .jsonl, "{\"b\": \"b\", \"a\": 7}\n{\"a\": 1.5, \"b\": \"\u{1F600}\"}", .rte, "a,b",
                [["7", "b"], ["1.5", "\u{1F600}"]]
            ),
        ] as [(DataFormat, String, GLUETask, String?, [[String]])])
    func otherFormatsHaveNamedColumns(
        format: DataFormat, text: String, task: GLUETask, columns: String?, expected: [[String]]
    ) throws {
        #expect(try texts(text, task, columns, in: format) == expected)
    }

    @Test(
        arguments: [
            (.csv, "text\na\n", nil, ["in.csv:1: no column 'sentence' in the header, which has 'text'"]),
            (.csv, "id,sentence\n1,a,b\n", nil, ["in.csv:2: found 3 columns, expected 2", "in quotes"]),
            (.csv, "sentence\n\n", nil, ["in.csv:2: found a blank line", "remove the line"]),
            (.csv, "sentence\n\" \"\n", nil, ["in.csv:2: the text is empty"]),
            (.csv, "1,a\n", "3", ["--columns: found column 3, expected 1 to 2", "in.csv:1"]),
            (.jsonl, "{\"text\": \"a\"}\n", nil, ["in.jsonl:1: no key 'sentence'", "which has 'text'"]),
            (.jsonl, "{\"sentence\": null}\n", nil, ["in.jsonl:1: 'sentence' is null, expected a string"]),
            (.jsonl, "{\"sentence\": \"\"}\n", nil, ["in.jsonl:1: the text is empty"]),
            (.jsonl, "", nil, ["in.jsonl: found no lines", "at least one line"]),
            (.jsonl, "{}\n", "2", ["--columns: found the number 2", "JSON lines have names"]),
        ] as [(DataFormat, String, String?, [String])])
    func otherFormatsAreRefusedByLine(
        format: DataFormat, text: String, columns: String?, words: [String]
    ) {
        expectFailure(words[0].hasPrefix("--") ? .usage : .data, words) {
            _ = try texts(text, .sst2, columns, in: format)
        }
    }
}
