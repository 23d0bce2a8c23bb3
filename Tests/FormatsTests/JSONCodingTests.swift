import Diagnostics
import Formats
import Foundation
import Testing

/// Structures as JSON and back.
@Suite struct JSONCodingTests {
    private struct Inner: Codable, Equatable {
        let score: Double
        let step: Int?
    }

    private struct Outer: Codable, Equatable {
        let zebra: String
        let apple: NamedValues<Inner?>
        let rates: [Float]
        let seed: UInt64
        let isDone: Bool
        let any: JSONValue
    }

    private let value = Outer(
        zebra: "z", apple: NamedValues([("b", Inner(score: 1, step: nil)), ("a", nil)]), rates: [0.1],
        seed: .max, isDone: true, any: ["k": [1, 2.5]])

    @Test func keysKeepTheirOrderAndNumbersTheirKind() throws {
        let json = try JSONValue(encoding: value)
        #expect(
            json.encoded() == #"{"zebra":"z","apple":{"b":{"score":1.0},"a":null},"rates":[0.1],"#
                + #""seed":18446744073709551615,"isDone":true,"any":{"k":[1,2.5]}}"#)
        #expect(try json.decoded(from: "file") == value)
        #expect(
            json.canonical.encoded() == #"{"any":{"k":[1,2.5]},"apple":{"a":null,"b":{"score":1}},"#
                + #""isDone":true,"rates":[0.1],"seed":18446744073709551615,"zebra":"z"}"#)
    }

    @Test func numbersThatAreNotFiniteComeBack() throws {
        let json = try JSONValue(encoding: [Double.infinity, -.infinity, .nan])
        #expect(json.encoded() == #"["inf","-inf","nan"]"#)
        let back: [Double] = try JSONValue(parsing: Data(json.encoded().utf8), at: "text").decoded(
            from: "text")
        #expect(back[0] == .infinity && back[1] == -.infinity && back[2].isNaN)
    }

    @Test(
        arguments: [
            ([:], "zebra"), (["zebra": 1], "zebra"),
            (["zebra": "z", "apple": ["b": ["score": "x"]]], "apple.b.score"),
            (["zebra": "z", "apple": [:], "rates": [1, "x"]], "rates[1]"),
            (["zebra": "z", "apple": [:], "rates": [], "seed": -1], "seed"),
        ] as [(JSONValue, String)])
    func anUnusableKeyIsNamed(json: JSONValue, key: String) {
        let failure = #expect(throws: Failure.self) { let _: Outer = try json.decoded(from: "file") }
        #expect(failure?.location == "file" && failure?.message == "has no usable '\(key)'")
    }
}
