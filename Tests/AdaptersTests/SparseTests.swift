import Adapters
import Diagnostics
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("A method that is pruned")
struct SparseTests {
    static let base = #""base": {"method": "lora", "start": "normal"}"#

    private static func pruning(of method: any AdapterMethod) -> Pruning? {
        method.members((any PrunedMethod).self).first?.pruning
    }

    @Test("Defaults are the published ones")
    func defaults() throws {
        let method = try AdaptedModel.decode("{\"method\": \"sparse\", \(Self.base)}").method
        #expect(
            Self.pruning(of: method)
                == Pruning(score: .snip, threshold: .global, sparsity: 0.4, examples: 320))
        let published = try #require(
            try AdaptedModel.decode("{\"method\": \"sparse\"}").method as? Sparse)
        let base = try #require(published.base as? Pfeiffer).bottleneck
        #expect(base == BottleneckSettings(activation: .relu, start: .normal, inputNorm: true))
        #expect(!published.isIdentityAtStart && published.pruning == Self.pruning(of: method))
    }

    @Test(
        "What can't be followed is named with its key",
        arguments: [
            (#""sparsity": 1"#, "sparsity", "is 1.0, expected"),
            (#""sparsity": -0.1"#, "sparsity", "is -0.1, expected"),
            (#""sparsity": "nan""#, "sparsity", "expected a number"),
            (#""score": "snap""#, "score", "unknown value 'snap'"),
            (#""threshold": "layer""#, "threshold", "unknown value 'layer'"),
            (#""score": "erdos-renyi", "threshold": "local""#, "threshold", "erdos-renyi itself decides"),
            (#""largeSparse": 0"#, "largeSparse", "is 0, expected"),
            (#""largeSparse": 1.5"#, "largeSparse", "expected a whole number"),
            (
                #""largeSparse": 2, "sparsity": 0.4"#, "sparsity",
                "is 0.4, but largeSparse: 2 means sparsity 0.5"
            ),
            (#""examples": 0"#, "examples", "is 0, expected"),
        ] as [(String, String, String)])
    func refuses(_ settings: String, _ place: String, _ what: String) {
        let failure = #expect(throws: Failure.self) {
            try AdaptedModel.decode("{\"method\": \"sparse\", \(Self.base), \(settings)}")
        }
        #expect(failure?.kind == .usage && failure?.location == place)
        #expect(failure?.message.contains(what) == true, "\(String(describing: failure))")
    }

    @Test(
        "A base that can't be pruned is named",
        arguments: [
            (#"{}"#, "base.method", "missing key 'method'"),
            (#"{"method": "lorra"}"#, "base.method", "unknown method 'lorra'"),
            (#"{"method": "lora", "rnk": 3}"#, "base.rnk", "unknown key 'rnk'"),
            (#"{"method": "sparse", \#(SparseTests.base)}"#, "base", "is pruned itself"),
            (
                #"[{"method": "hadamard"}, {"method": "sparse", \#(SparseTests.base)}]"#, "base",
                "is pruned itself"
            ),
        ] as [(String, String, String)])
    func refusesBases(_ base: String, _ place: String, _ what: String) {
        let failure = #expect(throws: Failure.self) {
            try AdaptedModel.decode("{\"method\": \"sparse\", \"base\": \(base)}")
        }
        #expect(failure?.kind == .usage && failure?.location == place)
        #expect(failure?.message.contains(what) == true, "\(String(describing: failure))")
    }

    @Test("A base without projection matrices can neither be pruned nor widened")
    func refusesBasesWithoutMatrices() throws {
        let weights = try TinyModel().weights
        let method = try AdaptedModel.decode(#"{"method": "sparse", "base": {"method": "hadamard"}}"#).method
        let failure = #expect(throws: Failure.self) { _ = try method.slices(on: weights, seed: 1) }
        #expect(failure?.location == "adapter.base" && failure?.kind == .usage)
        #expect(failure?.message == "hadamard has no matrices to prune")
        let wide = #expect(throws: Failure.self) {
            try AdaptedModel.decode(
                #"{"method": "sparse", "base": {"method": "hadamard"}, "largeSparse": 2}"#)
        }
        #expect(wide?.location == "largeSparse")
        for base in ["pfeiffer", "mam"] {
            let tooWide = #expect(throws: Failure.self) {
                try AdaptedModel.decode(
                    #"{"method": "sparse", "base": {"method": "\#(base)"}, "largeSparse": 1024}"#)
            }
            #expect(tooWide?.location == "largeSparse", "\(base)")
        }
    }

    @Test("What the base finds wrong has the base's place")
    func placesOfTheBase() throws {
        let weights = try TinyModel().weights
        for (key, value) in [("rank", "4096"), ("layers", "\"7\"")] {
            let method = try AdaptedModel.decode(
                "{\"method\": \"sparse\", \"base\": {\"method\": \"lora\", \"\(key)\": \(value)}}"
            ).method
            let failure = #expect(throws: Failure.self) { _ = try method.slices(on: weights, seed: 1) }
            #expect(failure?.location == "adapter.base.\(key)")
        }
    }

    @Test(
        "k times the width at sparsity 1 − 1/k leaves as many entries as the base has", arguments: [2, 3, 5])
    func largeSparse(_ factor: Int) throws {
        let base = #"{"method": "lora", "rank": 2, "start": "normal"}"#
        let weights = try TinyModel().weights
        let dense = ParameterLayout(try AdaptedModel.decode(base).method.slices(on: weights, seed: 1))
        let method = try AdaptedModel.decode(
            "{\"method\": \"sparse\", \"base\": \(base), \"largeSparse\": \(factor)}"
        ).method
        let wide = ParameterLayout(try method.slices(on: weights, seed: 1))
        let pruning = try #require(Self.pruning(of: method))
        #expect(wide.count == factor * dense.count)
        #expect(wide.count - pruning.removedCount(of: wide.count) == dense.count)
    }

    @Test("In a stack only what the pruned method trains is pruned, and one method is")
    func stacks() throws {
        let weights = try TinyModel().weights
        let sparse = "{\"method\": \"sparse\", \(Self.base)}"
        let other = #"{"method": "lora", "targets": ["key"]}"#
        let stack = try AdaptedModel.decode("[\(other), \(sparse)]").method
        #expect(Self.pruning(of: stack) == Pruning())
        for slice in try stack.slices(on: weights, seed: 1) {
            #expect(slice.isPrunable == !slice.name.contains(".key."), "\(slice.name)")
        }
        let unpruned = try AdaptedModel.decode("[\(other)]").method.slices(on: weights, seed: 1)
        #expect(unpruned.allSatisfy { $0.isPrunable })
        let failure = #expect(throws: Failure.self) {
            try AdaptedModel.decode("[\(sparse), \(sparse)]")
        }
        #expect(failure?.message == "prunes more than one method")
        let both = try AdaptedModel.decode(
            "{\"method\": \"sparse\", \"base\": [{\"method\": \"hadamard\"}, \(other)], \"largeSparse\": 2}"
        ).method
        let slices = try both.slices(on: weights, seed: 1)
        #expect(slices.contains { $0.isPrunable && $0.shape.contains(16) })
        #expect(slices.contains { $0.name.contains("hadamard") })
    }
}
