import Adapters
import Diagnostics
import Formats
import Foundation
import Kernels
import Studies
import Tasks
import Testing
import Training

/// The table of other libraries' names leads to keys and values that exist.
@Suite struct NamesElsewhereTests {
    static let names = NamesElsewhere.keys.flatMap(\.names)

    private static func study(_ members: [(String, JSONValue)]) throws -> Study {
        let all = [("backbone", "b"), ("data", "d"), ("tasks", ["mrpc"])] + members
        let decoder = JSONDecoder()
        decoder.userInfo[.foreignNames] = NamesElsewhere()
        return try decoder.decode(Study.self, from: Data(JSONValue.object(all).encoded().utf8))
    }

    /// Whether a study reads the key.
    private static func isKey(_ path: String) -> Bool {
        let names = path.split(separator: ".").map(String.init)
        if names == ["adapter", "method"] || ["backbone", "data", "tasks"].contains(path) { return true }
        if names.count == 2, names[0] == "adapter" {
            return AdapterTable.all.contains { $0.settings.contains { $0.key == names[1] } }
        }
        // A key that is null has its default, and its name is checked.
        let section = names.dropFirst().reversed().reduce(JSONValue.null) { .object([($1, $0)]) }
        return (try? study([(names[0], section)])) != nil
    }

    @Test func everyKeyExists() {
        for entry in NamesElsewhere.keys {
            #expect(entry.path != nil || entry.remark != nil, "\(entry.names)")
            let named = (entry.remark ?? "").matches(of: /[a-z]+(\.[a-zA-Z]+)+/).map { String($0.output.0) }
                .filter { $0 != "journal.jsonl" }
            for path in named + [entry.path].compactMap(\.self) { #expect(Self.isKey(path), "\(path)") }
        }
        #expect(!Self.isKey("stages.adapter.rate") && !Self.isKey("batch.unit") && !Self.isKey("rate"))
    }

    @Test func aNameHasOneMeaning() { #expect(Set(Self.names).count == Self.names.count) }

    @Test func everyValueExists() {
        let values = Set(
            LinearTarget.allCases.map(\.rawValue) + LearningRateSchedule.Shape.allCases.map(\.rawValue)
                + AdapterTable.all.map { $0.name } + ProductArithmetic.allCases.map(\.rawValue)
                + Split.allCases.map(\.rawValue))
        for (name, here) in NamesElsewhere.values {
            #expect(values.isSuperset(of: here) && !values.contains(name), "\(name)")
        }
    }

    @Test(arguments: names) func atTheTopItIsExplained(name: String) throws {
        let failure = try #require(throws: Failure.self) { try Self.study([(name, 1)]) }
        let remedy = try #require(failure.remedy)
        #expect(failure.message == "unknown key '\(name)'" && !remedy.hasPrefix("allowed"))
    }

    static let sections: [(key: String, section: JSONValue, says: String)] = [
        ("stages", ["head": ["lr": 1]], "stages.head.lr: unknown key 'lr'; the key is learningRate"),
        ("adapter", ["method": "lora", "r": 4], "adapter.r: unknown key 'r'; the key is rank"),
        (
            "adapter", ["method": "lora", "targets": ["q_proj"]],
            "adapter.targets[0]: unknown value 'q_proj'; here it is query"
        ),
        (
            "adapter", ["method": "hut", "targets": ["query_key_value"]],
            "adapter.targets[0]: unknown value 'query_key_value'; here it is query, key, value"
        ),
        ("adapter", "seq_bn", "adapter: unknown method 'seq_bn'; here it is pfeiffer"),
        (
            "adapter", ["method": "hadamard", "rank": 4],
            "adapter.rank: 'rank' is a key of hut and lora, not of hadamard; "
                + "allowed: layers, method, norm, site"
        ),
        ("adapter", "fusion", "adapter.adapters: missing key 'adapters'"),
        ("batch", ["size": 3], "batch.size: unknown key 'size'; the key is examples"),
        ("evaluation", ["steps": 3], "evaluation.steps: unknown key 'steps'; the key is every"),
        ("head", ["lr": 1], "head.lr: unknown key 'lr'; the key is stages.head.learningRate"),
        (
            "adapter", ["method": "lora", "size": 3],
            "adapter.size: unknown key 'size'; it is bottleneck, a key of houlsby, pfeiffer, parallel and "
                + "mam, not of this method; choose another: --set adapter=houlsby"
        ),
        (
            "adapter", ["method": "hadamard", "r": 3],
            "adapter.r: unknown key 'r'; it is rank, a key of hut and lora, not of this method; choose "
                + "another: --set adapter=lora"
        ),
        (
            "adapter", ["method": "hadamard", "lora_alpha": 16],
            "adapter.lora_alpha: unknown key 'lora_alpha'; it is alpha, a key of lora, not of this method; "
                + "choose another: --set adapter=lora"
        ),
        (
            "adapter", ["method": "hadamard", "reduction_factor": 16],
            "adapter.reduction_factor: unknown key 'reduction_factor'; it is bottleneck, a key of houlsby, "
                + "pfeiffer, parallel and mam, not of this method; choose another: --set adapter=houlsby"
        ),
        ("batch", ["r": 3], "batch.r: unknown key 'r'; allowed: examples, microBatch"),
        // A flow mapping needs the space.
        (
            "adapter", ["method:lora": nil],
            "adapter.method: missing key 'method'; a space is missing: write method: lora"
        ),
    ]

    @Test(arguments: sections) func inASectionItIsExplained(
        key: String, section: JSONValue, says: String
    ) throws {
        let failure = try #require(throws: Failure.self) { try Self.study([(key, section)]) }
        #expect(failure.description == says)
    }

    @Test(arguments: AdapterTable.all.filter { $0.settings.allSatisfy { $0.example == nil } }.map { $0.name })
    func aMethodsNameAloneIsASectionWithDefaults(name: String) throws {
        func text(_ section: JSONValue) throws -> String {
            try JSONValue(encoding: Self.study([("adapter", section)])).encoded()
        }
        #expect(try text(.string(name)) == text(["method": .string(name)]))
        #expect(try text([.string(name)]) == text([["method": .string(name)]]))
    }
}
