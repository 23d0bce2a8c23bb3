import Diagnostics
import Formats
import Foundation
import Testing

private func parsed(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Data(text.utf8), at: "x.json")
}

@Suite struct JSONValueTests {
    static let roundTrips: [(String, JSONValue)] = [
        ("null", nil), ("true", true), ("false", false), ("0", 0), ("-17", -17),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("0.1", 0.1), ("1.0", 1.0), ("-0.0", -0.0),
        ("9223372036854775808", .unsigned(1 << 63)), ("18446744073709551615", .unsigned(.max)),
        ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1.7976931348623157e+308", .number(.greatestFiniteMagnitude)),
        (#""""#, ""), (#""é\"\\\n\r\t\u0000\u001f""#, "é\"\\\n\r\t\0\u{1f}"), (#""😀""#, "😀"),
        ("[]", []), ("{}", .object([])), (#"[1,[2,null]]"#, [1, [2, nil]]),
        (#"{"z":1,"a":{"k":[]},"":"x"}"#, ["z": 1, "a": ["k": []], "": "x"]),
    ]

    @Test(arguments: roundTrips) func textAndValueAreEachOthers(text: String, value: JSONValue) throws {
        #expect(value.encoded() == text)
        #expect(try parsed(text) == value)
        #expect(try parsed(value.encodedForReading()) == value)
    }

    @Test(
        arguments: [
            (" [ 1 ,\t2\r\n] ", [1, 2]), (#""\u0041\u00e9\/\b\f""#, "Aé/\u{8}\u{c}"),
            (#""\ud83d\ude00\uD83D\uDE00""#, "😀😀"),
            ("1E2", 100.0), ("1e+02", 100.0), ("-0", 0),
            ("18446744073709551616", 18_446_744_073_709_551_616.0),
            ("\"\u{7f}\"", "\u{7f}"),
        ] as [(String, JSONValue)])
    func otherSpellingsAreRead(text: String, value: JSONValue) throws {
        #expect(try parsed(text) == value)
    }

    @Test(arguments: [
        ("", "found nothing"), ("  \n ", "found nothing"), ("{", "expected a key"),
        ("[1", "expected ',' or ']'"),
        ("[1,]", "found ']', expected a value"), (#"{"a":1,}"#, "expected a key"),
        (#"{"a" 1}"#, "expected ':'"),
        (#"{"a":1 "b":2}"#, "expected ',' or '}'"), ("{a:1}", "expected a key"), ("1 2", "found '2' after"),
        ("01", "found '1' after"), ("1.", "expected a digit"), (".5", "expected a value"),
        ("-", "expected a digit"),
        ("1e", "expected a digit"), ("+1", "expected a value"), ("1e999", "out of range"),
        ("NaN", "expected a value"),
        ("nul", "expected a value"), ("// c\n1", "expected a value"), (#""abc"#, "ends inside a string"),
        (#""\"#, "ends inside a string"), (#""\x""#, "not an escape"), (#""\u12g4""#, "hexadecimal"),
        (#""\u+123""#, "hexadecimal"),
        (#""\u12"#, "hexadecimal"), (#""\ud83d""#, "surrogate"), (#""\ud83dx""#, "surrogate"),
        (#""\ude00\ud83d""#, "surrogate"), (#""\ud83d\ud83d""#, "surrogate"),
        (#""\ud83d\u0041""#, "surrogate"),
        ("\"a\nb\"", "control character"), (#"{"a":1,"a":2}"#, "key 'a' appears twice"),
        (#"{"a":1,"\u0061":2}"#, "key 'a' appears twice"), ("'a'", "expected a value"),
        ("\u{feff}1", "expected a value"),
    ])
    func whatIsNotJSONIsRefused(text: String, expected: String) throws {
        let failure = try #require(throws: Failure.self) { try parsed(text) }
        #expect(failure.kind == .data)
        #expect(failure.message.contains(expected), "\(failure)")
        #expect(failure.location?.hasPrefix("x.json:") == true)
    }

    @Test func theFailureNamesTheLine() throws {
        let failure = try #require(throws: Failure.self) { try parsed("{\n\"a\": 1,\n\"b\": oops\n}") }
        #expect(failure.location == "x.json:3")
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"]) func hostileNestingIsRefused(opening: String) throws {
        let failure = try #require(throws: Failure.self) {
            try parsed(String(repeating: opening, count: 1_000_000))
        }
        #expect(failure.message.contains("nest deeper"))
    }

    /// Copying what was read at each escape would take a quarter of an hour for this much.
    @Test(.timeLimit(.minutes(1))) func aLongTextOfEscapesIsReadInLinearTime() throws {
        let count = 4_000_000
        let value = try parsed("\"" + String(repeating: #"a\n"#, count: count) + "\"")
        #expect(value.string?.utf8.count == 2 * count)
    }

    @Test func nestingUpToTheLimitIsRead() throws {
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try parsed(deep).encoded() == deep)
    }

    @Test func invalidUTF8IsRefused() throws {
        for bytes: [UInt8] in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]] {
            let text = Data([0x22] + bytes + [0x22])
            let failure = try #require(throws: Failure.self) { try JSONValue(parsing: text, at: "x") }
            #expect(failure.message == "a string is not valid UTF-8")
        }
    }

    @Test func everyPrefixOfATextIsRefusedWithoutATrap() throws {
        let text = Data(#"{"a":[1,-2.5e-3,true,null,"\ud83d\ude00\n"],"b":{}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: Failure.self) { try JSONValue(parsing: text.prefix(count), at: "x") }
        }
    }

    @Test func keysThatDifferOnlyInCompositionAreTwoKeys() throws {
        let value = try parsed("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
    }

    @Test func numbersThatAreNotFiniteAreTextsThatReadBackAsNumbers() throws {
        let value: JSONValue = [.number(.nan), .number(.infinity), .number(-.infinity)]
        #expect(value.encoded() == #"["nan","inf","-inf"]"#)
        let back = try parsed(value.encoded())
        #expect(back[0]?.double?.isNaN == true)
        #expect(back[1]?.double == .infinity)
        #expect(back[2]?.double == -.infinity)
    }

    @Test func floatsTakeTheDigitsOfAFloat() {
        #expect(JSONValue(Float(0.1)).encoded() == "0.1")
        #expect(JSONValue(Float.nan).encoded() == "\"nan\"")
        for exponent in stride(from: UInt32(0), to: 0x7f80_0000, by: 104_729) {
            let float = Float(bitPattern: exponent)
            #expect(JSONValue(float).double.map(Float.init) == float)
        }
    }

    @Test func accessorsGiveTheirTypeOrNothing() {
        let value: JSONValue = ["i": 3, "n": 3.0, "f": 3.5, "s": "t", "b": true, "z": nil, "a": [1]]
        #expect(
            value["i"]?.int == 3 && value["n"]?.int == 3 && value["f"]?.int == nil && value["s"]?.int == nil)
        #expect(value["i"]?.double == 3 && value["f"]?.double == 3.5 && value["s"]?.double == nil)
        #expect(value["s"]?.string == "t" && value["i"]?.string == nil)
        #expect(value["b"]?.bool == true && value["i"]?.bool == nil)
        #expect(value["z"]?.isNull == true && value["i"]?.isNull == false && value["absent"] == nil)
        #expect(value["a"]?[0] == 1 && value["a"]?[1] == nil && value["a"]?[-1] == nil && value[0] == nil)
        #expect(value.object?.map(\.0) == ["i", "n", "f", "s", "b", "z", "a"] && value["a"]?.object == nil)
        #expect(value["a"]?.array == [1] && value.array == nil && value["a"]?["x"] == nil)
    }

    @Test func theFormForReadingIndentsButKeepsPlainListsOnALine() {
        let value: JSONValue = ["a": [1, 2], "b": [["c": nil], []], "d": .object([])]
        #expect(
            value.encodedForReading() == """
                {
                  "a": [1, 2],
                  "b": [
                    {
                      "c": null
                    },
                    []
                  ],
                  "d": {}
                }

                """)
    }
}
