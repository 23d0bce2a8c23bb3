import Adapters
import Diagnostics
import Foundation
import TestSupport
import Testing

/// Mistakes in the settings of methods that act on linear maps or on the backbone's own tensors.
@Suite("Mistakes in a method's settings")
struct MethodMistakeTests {
    typealias Case = SectionMistake

    static let maps = "allowed: query, key, value, projection, intermediate, output"
    static let sorted = "allowed: intermediate, key, output, projection, query, value"
    static let ranks = "small ranks such as 4, 8 or 16 are usual"

    @Test(
        "Each is one failure with its key and what is allowed",
        arguments: ["lora", "hut"].flatMap { method in
            [
                Case(
                    #"{"method": "\#(method)", "rank": 0}"#, at: "adapter.rank", "is 0, expected 1 or more"),
                Case(
                    #"{"method": "\#(method)", "rank": -3}"#, at: "adapter.rank", "is -3, expected 1 or more"),
                Case(
                    #"{"method": "\#(method)", "rank": 25}"#, at: "adapter.rank",
                    "is 25, expected a rank from 1 to 24, the width of 'query'", ranks),
                Case(
                    #"{"method": "\#(method)", "rank": 9223372036854775807, "targets": ["output"]}"#,
                    at: "adapter.rank",
                    "is 9223372036854775807, expected a rank from 1 to 24, the width of 'output'", ranks),
                Case(
                    #"{"method": "\#(method)", "rank": 1.5}"#, at: "adapter.rank",
                    "expected a whole number"),
                Case(
                    #"{"method": "\#(method)", "targets": ["query", "valeu"]}"#, at: "adapter.targets[1]",
                    "unknown value 'valeu'", "did you mean 'value'?"),
                Case(
                    #"{"method": "\#(method)", "targets": ["feedforward"]}"#, at: "adapter.targets[0]",
                    "unknown value 'feedforward'", sorted),
                Case(
                    #"{"method": "\#(method)", "targets": []}"#, at: "adapter.targets", "is an empty list",
                    maps),
                Case(
                    #"{"method": "\#(method)", "targets": "query"}"#, at: "adapter.targets",
                    "expected a list of linear maps", maps),
                Case(
                    #"{"method": "\#(method)", "targets": ["key", "query", "key"]}"#, at: "adapter.targets",
                    "names 'key' twice", "list each linear map once"),
                Case(
                    #"{"method": "\#(method)", "layers": "1-3"}"#, at: "adapter.layers",
                    "'1-3' names layer 3, but the backbone has layers 0-2", "layers count from 0"),
            ]
        } + [
            Case(
                #"{"method": "lora", "alpha": 0}"#, at: "adapter.alpha",
                "is 0.0, expected more than 0 and at most 1000000"),
            Case(
                #"{"method": "lora", "alpha": 1e300}"#, at: "adapter.alpha",
                "is 1e+300, expected more than 0 and at most 1000000"),
            Case(
                #"{"method": "lora", "start": "normall"}"#, at: "adapter.start", "unknown value 'normall'",
                "did you mean 'normal'?"),
            Case(
                #"{"method": "lora", "norm": "both"}"#, at: "adapter.norm",
                "'norm' is a key of other methods, not of lora",
                "allowed: alpha, layers, method, rank, start, targets"),
            Case(
                #"{"method": "hut", "form": "diagonal"}"#, at: "adapter.form", "unknown value 'diagonal'",
                "allowed: lowrank, rowcolumn"),
            Case(
                #"{"method": "ia3", "rank": 4}"#, at: "adapter.rank",
                "'rank' is a key of hut and lora, not of ia3",
                "allowed: feedForward, heads, layers, method"),
            Case(
                #"{"method": "ia3", "feedForward": "both"}"#, at: "adapter.feedForward",
                "unknown value 'both'", "allowed: activation, intermediate, none"),
            Case(
                #"{"method": "ia3", "layers": 3}"#, at: "adapter.layers",
                "'3' names layer 3, but the backbone has layers 0-2", "layers count from 0"),
            Case(
                #"{"method": "layernorm", "norm": "none"}"#, at: "adapter.norm", "leaves nothing to train",
                "use 'attention', 'output' or 'both', or set 'embeddings: true'"),
            Case(
                #"{"method": "bitfit", "pooler": "yes"}"#, at: "adapter.pooler",
                "expected true or false, found 'yes'"),
            Case(
                #"{"method": "full", "layers": "all"}"#, at: "adapter.layers",
                "'layers' is a key of other methods, not of full", "allowed: method, pooler"),
            Case(
                #"{"method": "head", "layers": "all"}"#, at: "adapter.layers",
                "'layers' is a key of other methods, not of head", "allowed: method"),
        ])
    func refuses(_ test: Case) throws {
        /// The section under its key, so that places can be checked.
        struct Study: Decodable { let adapter: AdapterSettings }
        let weights = try TinyModel().weights
        let study = Data("{\"adapter\": \(test.section)}".utf8)
        let failure = #expect(throws: Failure.self) {
            let method = try JSONDecoder().decode(Study.self, from: study).adapter.method
            _ = try method.slices(on: weights, seed: 1)
        }
        #expect(failure?.location == test.place)
        #expect(failure?.message == test.message)
        #expect(failure?.remedy == test.remedy)
        #expect(failure?.kind == .usage)
    }

    @Test("A rank that was set in code is checked as one in a study is", arguments: [0, -1, 25, .max])
    func ranksInCode(_ rank: Int) throws {
        let weights = try TinyModel().weights
        for method in [LoRA().with { $0.rank = rank }, HUT().with { $0.rank = rank }]
            as [any AdapterMethod]
        {
            let failure = #expect(throws: Failure.self) { try method.slices(on: weights, seed: 1) }
            #expect(failure?.location == "adapter.rank")
        }
        #expect(LinearTargets([]) == nil && LinearTargets([.key, .key]) == nil)
        #expect(LinearTargets([.value, .key])?.listed == [.value, .key])
    }
}
