import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct DataFormatTests {
    @Test(
        arguments: [
            ("a.csv", .csv), ("dir.csv/a.tsv", .tsv), ("A.CSV", .csv), ("a.jsonl", .jsonl),
            ("a.json", .jsonl),
            ("a.ndjson", .jsonl), ("a.txt", .tsv), ("lines", .tsv), ("-", .tsv), ("a.csv.txt", .tsv),
            ("", .tsv),
        ] as [(String, DataFormat)])
    func theEndingNamesTheFormat(path: String, format: DataFormat) {
        #expect(DataFormat(ofFile: path) == format)
    }
}

@Suite struct TabSeparatedTests {
    private func fields(_ text: String) throws -> [[String]] {
        try DataTable(Data(text.utf8), at: "t.tsv", format: .tsv).rows.map(\.fields)
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
        let table = try DataTable(Data("h\n\nx\ty\n".utf8), at: "t.tsv", format: .tsv)
        #expect(table.rows.map(\.line) == [1, 2, 3])
        #expect(table.path == "t.tsv" && table.names == nil)
    }

    @Test(
        arguments: [
            (.tsv, "a\tb\nc\tcaf", "\n", 2), (.csv, "a,b\n\"x\ny\",caf", "\n", 3),
            (.csv, "a\n\"x\n\ncaf", "\"\n", 4),
            (.csv, "caf", "", 1), (.jsonl, "{}\n{\"a\": \"caf", "\"}\n", 2), (.jsonl, "caf", "\n", 1),
        ] as [(DataFormat, String, String, Int)])
    func textThatIsNotUTF8IsNamedByLine(format: DataFormat, before: String, after: String, line: Int) throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(Data(before.utf8) + Data([0xe9]) + Data(after.utf8), to: "latin")
        #expect(
            throws: Failure.data(
                "found bytes that are not UTF-8", at: "\(path):\(line)", remedy: "convert the file to UTF-8")
        ) {
            try DataTable(path: path, format: format)
        }
    }

    @Test func aLongTableIsReadWhole() throws {
        let text = (0..<50_000).map { "\($0)\tsome words about \($0)\tlabel" }.joined(separator: "\n")
        let rows = try DataTable(Data(text.utf8), at: "t.tsv", format: .tsv).rows
        #expect(rows.count == 50_000)
        #expect(rows.last == rows[49_999] && rows[49_999].fields[1] == "some words about 49999")
    }

    @Test func packedFilesAreRefusedWithTheirCommand() throws {
        for format in DataFormat.allCases {
            let parquet = try #require(throws: Failure.self) {
                try DataTable(Data("PAR1\u{15}".utf8), at: "it's/a.parquet", format: format)
            }
            #expect(parquet.message.contains("Parquet"))
            #expect(parquet.remedy?.contains("pandas.read_parquet") == true)
            #expect(parquet.remedy?.hasSuffix(" 'it'\\''s/a.parquet'") == true, "\(parquet)")
            let gzip = try #require(throws: Failure.self) {
                try DataTable(Data([0x1f, 0x8b, 8]), at: "a.csv.gz", format: format)
            }
            #expect(gzip.remedy?.contains("gunzip") == true)
        }
    }
}

@Suite struct CommaSeparatedTests {
    private func rows(_ text: String) throws -> [DataTable.Row] {
        try DataTable(Data(text.utf8), at: "t.csv", format: .csv).rows
    }

    @Test(
        arguments: [
            ("", []), ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
            ("\u{feff}\"a\",b\n", [["a", "b"]]), (",\n", [["", ""]]), ("a,", [["a", ""]]), ("\n", [[""]]),
            ("\"\"\n", [[""]]), ("\"a,b\",\"c\"\n", [["a,b", "c"]]), ("\"\"\"\"\n", [["\""]]),
            ("\"say \"\"hi\"\", he\"\"\",x", [["say \"hi\", he\"", "x"]]),
            ("\"a\nb\r\nc\",d\r\ne,f\r\n", [["a\nb\r\nc", "d"], ["e", "f"]]),
            ("a\tb, c \n", [["a\tb", " c "]]), ("a\rb,c\r\n", [["a\rb", "c"]]), ("a,b\r", [["a", "b"]]),
            ("\"a\"\r", [["a"]]), ("\"\n\"", [["\n"]]), ("'a,b'\n", [["'a", "b'"]]),
            ("e\u{301},\"😀\"\n", [["e\u{301}", "😀"]]),
        ] as [(String, [[String]])])
    func fieldsAreThoseOfRFC4180(text: String, expected: [[String]]) throws {
        #expect(try rows(text).map(\.fields) == expected)
    }

    @Test func aRowHasTheLineOnWhichItBegins() throws {
        #expect(try rows("a,b\n\"x\n\ny\",1\r\n\"\n\",2\nz,3\n").map(\.line) == [1, 2, 5, 7])
    }

    @Test(
        arguments: [
            ("a\n\"b\nc\nd\n", 2, "the file ends inside a field whose quote opened on this line"),
            ("\"", 1, "the file ends inside a field"), ("a,\"b\"\"\n", 1, "the file ends inside a field"),
            ("a\nb \"c\" d\n", 2, "found a quote inside a field that does not begin with one"),
            ("a\n\"b\nc\"d,e\n", 3, "found text after a field's closing quote, expected a comma or the end"),
            ("\"a\" \n", 1, "found text after a field's closing quote"),
            ("\"a\"\rb\n", 1, "found text after a field's closing quote"),
        ])
    func strayQuotesAreNamedByLine(text: String, line: Int, words: String) throws {
        let failure = try #require(throws: Failure.self) { try rows(text) }
        #expect(failure.location == "t.csv:\(line)" && failure.message.hasPrefix(words), "\(failure)")
    }
}

@Suite struct JSONObjectLinesTests {
    private func table(_ text: String, _ required: [String], optional: String? = nil) throws -> DataTable {
        try DataTable(
            Data(text.utf8), at: "t.jsonl", format: .jsonl,
            columns: DataTable.Columns(required, optional: optional))
    }

    @Test func valuesAreThoseOfTheKeysInAnyOrder() throws {
        let text =
            "\u{feff}{\"b\": 1, \"a\": \"x\\ty\\n\\\"z\\\"\", \"c\": null}\r\n{\"a\": -2.5, \"x\": [{}], \"b\": \"\"}"
        let read = try table(text, ["a", "b"])
        #expect(read.names == ["a", "b"])
        #expect(
            read.rows == [
                .init(line: 1, fields: ["x\ty\n\"z\"", "1"]), .init(line: 2, fields: ["-2.5", ""]),
            ])
        #expect(try table("{\"a\": 18446744073709551615}", ["a"]).rows[0].fields == ["18446744073709551615"])
        #expect(try table("", ["a"]).rows == [])
    }

    @Test func anOptionalKeyIsOnAllLinesOrOnNone() throws {
        #expect(
            try table("{\"a\":1,\"l\":2}\n{\"l\":3,\"a\":4}\n", ["a"], optional: "l").rows.map(\.fields) == [
                ["1", "2"], ["4", "3"],
            ])
        #expect(try table("{\"a\":1}\n{\"a\":4}\n", ["a"], optional: "l").names == ["a"])
        for text in ["{\"a\":1,\"l\":2}\n{\"a\":4}\n", "{\"a\":1}\n{\"a\":4,\"l\":2}\n"] {
            let failure = try #require(throws: Failure.self) { try table(text, ["a"], optional: "l") }
            #expect(failure.location == "t.jsonl:2" && failure.message.contains("key 'l'"), "\(failure)")
        }
    }

    @Test(
        arguments: [
            ("{\"b\": 1, \"c\": 2}\n", 1, "no key 'a' in the object, which has 'b', 'c'"),
            ("{\"a\": 1}\n{}\n", 2, "no key 'a' in the object, which has none"),
            ("{\"a\": null}\n", 1, "'a' is null, expected a string or a number"),
            ("{\"a\": 1}\n{\"a\": false}\n", 2, "'a' is false, expected a string"),
            ("{\"a\": [1]}\n", 1, "'a' is a list"), ("{\"a\": {}}\n", 1, "'a' is an object"),
            ("{\"a\": 1}\n{\"a\": 1, \"a\": 2}\n", 2, "key 'a' appears twice"),
            ("{\"a\": 1}\n\n", 2, "found a blank line, expected an object"),
            ("{\"a\": 1}\n \r\n", 2, "found a blank line"), ("[1]\n", 1, "found a list, expected an object"),
            ("\"a\"\n", 1, "found a string, expected an object"),
            ("{\n\"a\": 1\n}\n", 1, "found the end of the"),
            ("{\"a\": 1}\n{\"a\": 1} {\"a\": 2}\n", 2, "found '{' after the JSON value"),
            ("{\"a\": \"\\ud800\"}\n", 1, "found half of a surrogate pair"), ("{'a': 1}\n", 1, "found '''"),
            ("{\"a\": NaN}\n", 1, "found 'N'"),
        ])
    func aWrongLineIsNamed(text: String, line: Int, words: String) throws {
        let failure = try #require(throws: Failure.self) { try table(text, ["a"]) }
        #expect(failure.location == "t.jsonl:\(line)" && failure.message.hasPrefix(words), "\(failure)")
    }
}
