import Diagnostics
import Foundation
import Testing

private enum Sampler: String, NamedChoice { case proportional, uniform }

private struct Inner: Decodable, Equatable {
    var name = Sampler.proportional
    var weights: [Int] = []

    enum CodingKeys: String, CodingKey, CaseIterable { case name, weights }

    init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        name = try section.value(.name, default: .proportional)
        weights = try section.value(.weights, default: [])
        try section.require(weights.allSatisfy { $0 >= 0 }, .weights, "a weight is negative")
    }
}

private struct Outer: Decodable {
    let seed: Int
    let rate: Double
    let note: String?
    let inner: Inner?
    let list: [Inner]
    let hasNote: Bool

    enum CodingKeys: String, CodingKey, CaseIterable { case seed, rate, note, inner, list }

    init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["anchors"])
        seed = try section.required(.seed)
        rate = try section.value(.rate, default: 0.5)
        note = try section.optional(.note)
        inner = try section.optional(.inner)
        list = try section.value(.list, default: [])
        hasNote = section.has(.note)
    }
}

private func outer(_ json: String) throws -> Outer {
    try JSONDecoder().decode(Outer.self, from: Data(json.utf8))
}

@Suite struct SettingsSectionTests {
    @Test func absentAndNullKeysTakeTheirDefaults() throws {
        let settings = try outer(#"{"seed":7,"note":null,"anchors":1}"#)
        #expect(settings.seed == 7 && settings.rate == 0.5 && settings.note == nil && settings.inner == nil)
        #expect(!settings.hasNote && settings.list.isEmpty)
    }

    @Test(arguments: ["inf", "-inf", "nan"]) func numbersThatAreNotFiniteAreRefused(text: String) throws {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let failure = #expect(throws: Failure.self) {
            _ = try decoder.decode(Outer.self, from: Data(#"{"seed":7,"rate":"\#(text)"}"#.utf8))
        }
        #expect(failure?.description == "rate: is \(text), expected a finite number")
        #expect(failure?.kind == .usage)
    }

    @Test func allUnknownKeysAreTold() throws {
        let failure = #expect(throws: Failure.self) { try outer(#"{"sed":7,"rat":1,"list":[]}"#) }
        #expect(failure?.others.count == 1)
        #expect(
            failure?.description == """
                rat: unknown key 'rat'; did you mean 'rate'?
                sed: unknown key 'sed'; did you mean 'seed'?
                """)
    }

    @Test func presentKeysAreRead() throws {
        let settings = try outer(
            #"{"seed":7,"rate":0.25,"note":"n","inner":{"name":"uniform","weights":[1,2]}}"#)
        #expect(settings.rate == 0.25 && settings.note == "n" && settings.hasNote)
        #expect(settings.inner?.name == .uniform && settings.inner?.weights == [1, 2])
    }

    @Test(arguments: [
        (#"{"seed":7,"rat":1}"#, "rat: unknown key 'rat'; did you mean 'rate'?"),
        (#"{"seed":7,"inner":{"nam":"uniform"}}"#, "inner.nam: unknown key 'nam'; did you mean 'name'?"),
        (
            #"{"seed":7,"zzzzzzzz":1}"#,
            "zzzzzzzz: unknown key 'zzzzzzzz'; allowed: anchors, inner, list, note, rate, seed"
        ),
        (#"{"rate":1}"#, "seed: missing key 'seed'"),
        (#"{"seed":null}"#, "seed: missing key 'seed'"),
        (#"{"seed":"x"}"#, "seed: expected a whole number, found 'x'"),
        (#"{"seed":7,"rate":"fast"}"#, "rate: expected a number, found 'fast'"),
        (#"{"seed":7,"note":3}"#, "note: expected a string, found '3'"),
        (
            #"{"seed":7,"inner":{"weights":["a"]}}"#,
            "inner.weights[0]: expected a whole number, found 'a'"
        ),
        (
            #"{"seed":7,"inner":{"weights":{"a":1}}}"#,
            "inner.weights: expected a list of whole numbers, found a mapping"
        ),
        (#"{"seed":7,"list":"a,b"}"#, "list: expected a list, found 'a,b'"),
        (#"{"seed":[7]}"#, "seed: expected a whole number, found a list"),
        (#"{"seed":7,"inner":3}"#, "inner: expected a mapping with keys among name, weights, found '3'"),
        (
            #"{"seed":7,"inner":{"name":"unifrom"}}"#,
            "inner.name: unknown value 'unifrom'; did you mean 'uniform'?"
        ),
        (#"{"seed":7,"inner":{"name":3}}"#, "inner.name: expected one of proportional, uniform, found '3'"),
        (#"{"seed":7,"inner":{"weights":[-1]}}"#, "inner.weights: a weight is negative"),
        (
            #"{"seed":7,"list":[{},{"name":"x"}]}"#,
            "list[1].name: unknown value 'x'; allowed: proportional, uniform"
        ),
    ])
    func aBadSettingIsNamedByItsPath(json: String, text: String) throws {
        let failure = try #require(throws: Failure.self) { try outer(json) }
        #expect(failure.kind == .usage)
        #expect(failure.description == text)
    }
}
