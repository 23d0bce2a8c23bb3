import Adapters
import Diagnostics
import Foundation
import Testing

@Suite("Sets of layers")
struct LayerSetTests {
    @Test(
        "All, ranges and lists are read, in ascending order and each layer once",
        arguments: [
            ("all", Array(0..<12)), ("4-11", Array(4..<12)), ("0,2,5", [0, 2, 5]),
            ("0,2,5-7", [0, 2, 5, 6, 7]),
            ("7", [7]), ("3-3", [3]), ("5,1,5,0-2", [0, 1, 2, 5]), (" 0 , 2 - 4 ", [0, 2, 3, 4]),
            ("011", [11]),
        ])
    func reads(text: String, expected: [Int]) throws {
        let set = try #require(LayerSet(text))
        #expect(try set.indices(of: 12, key: "adapter.layers") == expected)
        #expect((0..<12).filter(set.contains) == expected)
        #expect(set.text == text)
        #expect(LayerSet(text) == set)
    }

    @Test(
        "Other texts are refused",
        arguments: [
            "", " ", ",", "0,", ",1", "0,,1", "-", "4-", "-4", "1-2-3", "4--5", "5-4", "a", "0,b", "1.5",
            "+3", "0x4",
            "1 2", "4 11", "All", "all,3", "٣", "99999999999999999999", "0-99999999999999999999", "1;2",
            "1\n",
        ])
    func refuses(text: String) {
        #expect(LayerSet(text) == nil)
    }

    @Test(
        "A layer that the backbone lacks is named with those it has",
        arguments: [
            ("12", 12), ("4-12", 12), ("0,2,5-70", 70), ("0-9223372036854775807", Int.max),
        ])
    func beyondTheBackbone(text: String, layer: Int) throws {
        let set = try #require(LayerSet(text))
        let failure = #expect(throws: Failure.self) { try set.indices(of: 12, key: "adapter.layers") }
        #expect(failure?.message == "'\(text)' names layer \(layer), but the backbone has layers 0-11")
        #expect(failure?.location == "adapter.layers")
        #expect(failure?.kind == .usage)
    }

    @Test(
        "A study may write a text or a number",
        arguments: [("\"0-1\"", "0-1"), ("1", "1"), ("\"all\"", "all")])
    func decodes(json: String, text: String) throws {
        let set = try JSONDecoder().decode(LayerSet.self, from: Data(json.utf8))
        #expect(set == LayerSet(text))
        let again = try JSONDecoder().decode(LayerSet.self, from: JSONEncoder().encode(set))
        #expect(again == set)
    }

    @Test(
        "What isn't a set is refused with the forms there are",
        arguments: [
            "-1", "1.5", "true", "[0, 1]", "null", "{}", "\"some\"",
        ])
    func refusesJSON(json: String) {
        let failure = #expect(throws: Failure.self) {
            try JSONDecoder().decode(LayerSet.self, from: Data(json.utf8))
        }
        #expect(failure?.message.hasPrefix("expected layers as 'all', '4-11' or '0,2,5'") == true)
    }
}
