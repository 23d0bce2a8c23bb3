import Adapters
import Diagnostics
import Foundation
import Testing

@Suite("The adapter section of a study")
struct AdapterSettingsTests {
    /// The section under its key, so that places can be checked.
    private struct Study: Decodable { let adapter: AdapterSettings }

    typealias Case = SectionMistake

    private static let names = AdapterTable.all.map { $0.name }
    static let allowed = "allowed: \(names.joined(separator: ", "))"
    static let sorted = "allowed: \(names.sorted().joined(separator: ", "))"

    @Test(
        "What can't be followed is named with its key, and with what was meant",
        arguments: [
            Case("{}", at: "adapter.method", "missing key 'method'", allowed),
            Case("\"hadamrd\"", at: "adapter", "unknown method 'hadamrd'", "did you mean 'hadamard'?"),
            Case("{\"method\": 3}", at: "adapter.method", "expected a method's name", allowed),
            Case(
                "{\"method\": \"hadamrd\"}", at: "adapter.method", "unknown method 'hadamrd'",
                "did you mean 'hadamard'?"),
            Case("{\"method\": \"zzz\"}", at: "adapter.method", "unknown method 'zzz'", sorted),
            Case(
                "{\"method\": \"hadamard\", \"norms\": \"both\"}", at: "adapter.norms", "unknown key 'norms'",
                "did you mean 'norm'?"),
            Case(
                "{\"method\": \"hadamard\", \"norm\": \"atention\"}", at: "adapter.norm",
                "unknown value 'atention'",
                "did you mean 'attention'?"),
            Case(
                "{\"method\": \"hadamard\", \"site\": 5}", at: "adapter.site",
                "expected one of heads, projection, found '5'"),
            Case(
                "{\"method\": \"hadamard\", \"layers\": \"4-\"}", at: "adapter.layers",
                "expected layers as 'all', '4-11' or '0,2,5', found '4-'"),
        ])
    func refuses(_ test: Case) {
        let study = Data("{\"adapter\": \(test.section)}".utf8)
        let failure = #expect(throws: Failure.self) { try JSONDecoder().decode(Study.self, from: study) }
        #expect(failure?.location == test.place)
        #expect(failure?.message == test.message)
        #expect(failure?.remedy == test.remedy)
        #expect(failure?.kind == .usage)
    }

    @Test("A section by itself has places without a dot before them")
    func topLevelPlaces() {
        let failure = #expect(throws: Failure.self) {
            try JSONDecoder().decode(AdapterSettings.self, from: Data("{\"method\": \"x\"}".utf8))
        }
        #expect(failure?.location == "method")
    }

    @Test("Defaults are those of the method; a null is an absent key")
    func defaults() throws {
        for section in [
            "{\"method\": \"hadamard\"}", "{\"method\": \"hadamard\", \"norm\": null, \"layers\": null}",
        ] {
            let settings = try JSONDecoder().decode(AdapterSettings.self, from: Data(section.utf8))
            let method = try #require(settings.method as? Hadamard)
            #expect(method.site == .heads && method.norm == .attention && method.layers == .all)
        }
    }

    @Test("A method made in code encodes as a study writes it")
    func encodes() throws {
        let layers = try #require(LayerSet("0,2"))
        let method = Hadamard().with {
            $0.site = .projection
            $0.norm = .both
            $0.layers = layers
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(AdapterSettings(method)), as: UTF8.self)
        #expect(text == #"{"layers":"0,2","method":"hadamard","norm":"both","site":"projection"}"#)
    }
}
