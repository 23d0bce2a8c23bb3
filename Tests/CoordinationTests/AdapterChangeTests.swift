import Adapters
import Coordination
import Formats
import Runs
import Studies
import Tasks
import TestSupport
import Testing

@Suite("The change of an adapter by training")
struct AdapterChangeTests {
    private func trained(_ changes: [String: JSONValue], into folder: TemporaryFolder) throws
        -> (study: TinyStudy, run: TrainedRun)
    {
        let study = try TinyStudy(changes)
        _ = try study.train(into: folder)
        let run = try TrainedRun(study.study, study.context.model, directory: folder.path)
        return (study, run)
    }

    @Test(
        "It is the written value minus the initial value, for all tensors but the head's, with their owners")
    func changes() throws {
        let folder = try TemporaryFolder()
        let (study, run) = try trained(
            ["sharing": ["weight": "all", "bias": "private", "norm": ["0": "all", "1-2": "private"]]],
            into: folder)
        let task = try run.task(named: "pair")
        let change = try run.change(of: task)
        let slices = study.context.store.layouts[1].slices.filter { $0.kind != .head }
        #expect(change.tensors.count == slices.count && !slices.isEmpty)
        var moved = 0
        for (tensor, slice) in zip(change.tensors, slices) {
            #expect(slice.name == "layer.\(tensor.layer ?? -1).\(tensor.name)" && tensor.shape == slice.shape)
            let owner =
                slice.kind == .weight || (slice.kind == .norm && tensor.layer == 0) ? "all" : "task:pair"
            #expect(tensor.owner == owner, "\(slice.name)")
            let written = try TrainedFiles.floats(slice.name, of: "pair", in: folder)
            let expected = zip(written, slice.initial).map { $0 - $1 }
            #expect(change.values(of: tensor) == expected, "\(slice.name)")
            if expected.contains(where: { $0 != 0 }) { moved += 1 }
        }
        #expect(moved == slices.count)
    }

    @Test("Results have the norm of each part's change, and the cosine of two tasks that do not share it")
    func parts() throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy(["sharing": ["weight": "all", "bias": "private"]])
        let results = try #require(try study.train(ranks: 2, into: folder).results)
        let found = try #require(results.adapterChanges)
        let run = try TrainedRun(study.study, study.context.model, directory: folder.path)
        let changes = try run.tasks.map { try run.change(of: $0) }
        func flat(_ change: AdapterChange, _ kind: ParameterKind) -> [Double] {
            change.tensors.filter { $0.kind == kind }.flatMap { change.values(of: $0).map(Double.init) }
        }
        func product(_ one: [Double], _ other: [Double]) -> Double {
            zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(found.tasks == study.context.names)
        #expect(Array(found.parts.map(\.name).prefix(3)) == ["all", "weight", "bias"])
        for part in found.parts.dropFirst().prefix(2) {
            let kind = try #require(ParameterKind(rawValue: part.name))
            let (first, third) = (flat(changes[0], kind), flat(changes[2], kind))
            let norms = (product(first, first).squareRoot(), product(third, third).squareRoot())
            #expect(abs(part.norms[0] - norms.0) < 1e-9 && abs(part.norms[2] - norms.1) < 1e-9)
            if kind == .weight {
                #expect(part.cosines.joined().allSatisfy { $0 == nil })
            } else {
                let cosine = try #require(part.cosines[0][2])
                #expect(abs(cosine - product(first, third) / (norms.0 * norms.1)) < 1e-9)
                #expect(part.cosines[2][0] == cosine && part.cosines[0][0] == nil)
            }
        }
        // Over all parts the shared tensors are left out too.
        func apart(_ change: AdapterChange) -> [Double] {
            zip(change.tensors, changes[0].tensors).filter { $0.owner != $1.owner || $0.owner != "all" }
                .flatMap { change.values(of: $0.0).map(Double.init) }
        }
        let (first, third) = (apart(changes[0]), apart(changes[2]))
        let norms = (product(first, first) * product(third, third)).squareRoot()
        let cosine = try #require(found.parts[0].cosines[0][2])
        #expect(abs(cosine - product(first, third) / norms) < 1e-9)
        let heads = try TinyStudy(["stages.adapter.steps": 0]).train(into: TemporaryFolder()).results
        #expect(heads?.adapterChanges == nil)
    }

    @Test("Entries that pruning removed have no change, whatever their initial values")
    func pruned() throws {
        let folder = try TemporaryFolder()
        let (study, run) = try trained(
            ["adapter": PruningTests.adapter(["sparsity": 0.5]), "evaluation.keep": "last"], into: folder)
        let change = try run.change(of: try run.task(named: "pair"))
        let slices = study.context.store.layouts[1].slices.filter { $0.kind != .head }
        var removed = 0
        for (tensor, slice) in zip(change.tensors, slices) where slice.isPrunable {
            let written = try TrainedFiles.floats(slice.name, of: "pair", in: folder)
            for ((value, start), found) in zip(zip(written, slice.initial), change.values(of: tensor)) {
                if value == 0 {
                    removed += 1
                    #expect(found == 0 && start != 0)
                } else {
                    #expect(found == value - start)
                }
            }
        }
        #expect(removed > 0)
    }
}
