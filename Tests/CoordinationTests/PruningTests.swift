import Adapters
import Coordination
import Diagnostics
import Encoders
import Formats
import Kernels
import Runs
import Studies
import TestSupport
import Testing
import Training

@Suite("Pruning across ranks")
struct PruningTests {
    static func adapter(_ changes: [String: JSONValue] = [:], start: JSONValue = "normal") -> JSONValue {
        let standard: JSONValue = [
            "method": "sparse", "base": ["method": "lora", "rank": 3, "start": start], "examples": 14,
        ]
        return changes.sorted { $0.key < $1.key }.reduce(standard) {
            $0.setting([Substring($1.key)], to: $1.value)
        }
    }

    /// A study without a head stage, so that adapters are pruned at their initial values.
    static func study(_ changes: [String: JSONValue], _ more: [String: JSONValue] = [:]) throws -> TinyStudy {
        try TinyStudy(
            ["adapter": adapter(changes), "stages.head.steps": 0, "evaluation.keep": "last"].merging(more) {
                $1
            })
    }

    private func mask(_ study: TinyStudy, _ folder: TemporaryFolder) throws -> ParameterMask {
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let count = study.context.store.count
        return try #require(
            ParameterMask(
                count: count, words: try saved.int64s("removed", count: ParameterMask.wordCount(count))))
    }

    private func report(_ run: TinyStudy.Outcome) throws -> PruningReport {
        let reports = run.events.compactMap { if case .pruned(let report) = $0 { report } else { nil } }
        try #require(reports.count == 1)
        return reports[0]
    }

    // MARK: One mask

    @Test(
        "Stopped after any step, before pruning or after, and resumed on other ranks: the same bits",
        arguments: [3, 5, 6, 9], ["snip", "grasp"])
    func resumed(after steps: Int, score: JSONValue) throws {
        let changes: [String: JSONValue] = ["adapter": Self.adapter(["score": score])]
        let expected = try TemporaryFolder()
        _ = try TinyStudy(changes).train(into: expected)
        for (first, second) in [(1, 3), (4, 2)] {
            let folder = try TemporaryFolder()
            let run = try TinyStudy(changes).train(ranks: first, into: folder, stopAfter: steps)
            #expect(run.ending == .stopped && run.steps.count == steps)
            let resumed = try TinyStudy(changes).train(ranks: second, into: folder, resuming: true)
            let pruned = resumed.events.contains { if case .pruned = $0 { true } else { false } }
            #expect(pruned == (steps <= 5), "pruned once, before the first step of the adapter stage")
            #expect(try TrainedFiles(folder).difference(from: TrainedFiles(expected)) == nil)
        }
    }

    @Test("The report on pruning is the same on any number of ranks")
    func events() throws {
        let study = try TinyStudy(["adapter": Self.adapter()])
        let expected = try study.train(into: TemporaryFolder())
        for ranks in 2...4 {
            let found = try study.train(ranks: ranks, into: TemporaryFolder())
            #expect(try report(found).matrices.map(\.removed) == report(expected).matrices.map(\.removed))
            #expect(found.results == expected.results)
        }
    }

    // MARK: Zeros

    @Test(
        "Values and moments of removed entries stay exactly 0; all others are trained",
        arguments: PruningScore.allCases)
    func zeros(_ score: PruningScore) throws {
        let folder = try TemporaryFolder()
        let study = try Self.study(
            ["score": .string(score.rawValue), "sparsity": 0.6],
            ["sharing.weight": "private", "sampler.name": "roundrobin", "optimizer.weightDecay": 0.3])
        let run = try study.train(ranks: 2, into: folder)
        let (mask, store) = (try mask(study, folder), study.context.store)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        for name in ["parameters", "moments.first", "moments.second"] {
            let values = try saved.floats(name, count: store.count)
            #expect(store.count == values.count)
            for index in values.indices {
                // Parameters that multiply only removed entries have zero gradient and moments.
                if name == "parameters" { #expect((values[index] == 0) == !mask.keeps(index)) }
                if !mask.keeps(index) { #expect(values[index].bitPattern == 0) }
            }
        }
        for task in store.layouts.indices {
            let blocks = store.blockOfSlice[task].map { store.blocks[$0] }
            let prunable = blocks.filter(\.slice.isPrunable)
            let count = prunable.reduce(0) { $0 + $1.slice.count }
            let removed = prunable.reduce(0) { $0 + mask.removedCount(in: $1.range) }
            #expect(removed == Pruning(sparsity: 0.6).removedCount(of: count), "of each task's own adapter")
            for block in blocks where !block.slice.isPrunable {
                #expect(mask.removedCount(in: block.range) == 0)
            }
            for block in prunable {
                let found = try TrainedFiles.floats(
                    block.slice.name, of: study.context.names[task], in: folder)
                for (index, value) in zip(block.range, found) { #expect((value == 0) == !mask.keeps(index)) }
            }
        }
        let report = try report(run)
        #expect(report.score == score.rawValue && report.asked == 0.6 && abs(report.reached - 0.6) < 0.002)
        #expect(report.removed == mask.removedCount(in: 0..<store.count))
        #expect(report.examples == (score.readsExamples ? 14 + 13 + 9 : 0), "as many as there are, at most")
        let progress = run.events.compactMap {
            if case .scoring(let done, let total) = $0 { [done, total] } else { nil }
        }
        let total = progress.last?[1] ?? -1
        #expect(
            progress == (0...max(0, total)).map { [$0, total] }, "from the first micro-batch to the last")
        #expect((total > 0) == score.readsExamples)
        let parameters = run.results?.parameters
        #expect(parameters?.keptAllTasks == store.adapterCount - report.removed)
        #expect(parameters?.keptPerTask == (store.adapterCount - report.removed) / 3)
        #expect(parameters?.adapterAllTasks == store.adapterCount)
    }

    @Test("The norm of a step's gradient, and so clipping, excludes removed entries")
    func clipping() throws {
        let folder = try TemporaryFolder()
        let study = try Self.study(
            ["score": "random", "sparsity": 0.9],
            ["debug": ["dumpGradients": 1], "stages.adapter.trainHead": false])
        let run = try study.train(into: folder)
        let (mask, store) = (try mask(study, folder), study.context.store)
        let file = try SafetensorsFile(path: folder.file("reference/step-1.safetensors"))
        var flat = [Float](repeating: 0, count: store.count)
        for (task, name) in study.context.names.enumerated()
        where run.steps[0].losses[name] != nil {
            for block in store.blockOfSlice[task].map({ store.blocks[$0] }) {
                let own = try file.floats("gradients/\(name)/\(block.slice.name)")
                for (index, value) in zip(block.range, own) { flat[index] += value }
            }
        }
        func norm() -> Double { flat.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
        let whole = norm()
        mask.clear(&flat)
        #expect(mismatch([run.steps[0].gradientNorm], [norm()], Tolerance(relative: 1e-6)) == nil)
        #expect(norm() < 0.99 * whole)
    }

    @Test("At sparsity 0 the bits are those of the base method")
    func nothingRemoved() throws {
        let (plain, sparse) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try TinyStudy(["adapter": Self.adapter()["base"] ?? .null]).train(into: plain)
        _ = try TinyStudy(["adapter": Self.adapter(["sparsity": 0])]).train(ranks: 2, into: sparse)
        for (name, bytes) in try TrainedFiles(plain).adapters where name.hasSuffix(".safetensors") {
            #expect(try TrainedFiles(sparse).adapters[name] == bytes)
        }
    }

    // MARK: Which entries

    @Test(
        "Magnitude removes the smallest initial values, over all matrices or within each",
        arguments: ["global", "local"])
    func magnitude(threshold: JSONValue) throws {
        let folder = try TemporaryFolder()
        let study = try Self.study(["score": "magnitude", "threshold": threshold])
        _ = try study.train(ranks: 2, into: folder)
        let (mask, store) = (try mask(study, folder), study.context.store)
        let initial = store.initial
        let matrices = store.blocks.filter(\.slice.isPrunable).map(\.range)
        for compared in threshold == "global" ? [matrices.flatMap(Array.init)] : matrices.map(Array.init) {
            let removed = compared.filter { !mask.keeps($0) }
            let kept = compared.filter(mask.keeps)
            #expect(removed.count == Pruning().removedCount(of: compared.count))
            let largest = try #require(removed.map { abs(initial[$0]) }.max())
            let smallest = try #require(kept.map { abs(initial[$0]) }.min())
            #expect(largest <= smallest)
        }
    }

    @Test(
        "SNIP and GraSP score by the gradients of all examples at once, without dropout",
        arguments: ["snip", "grasp"])
    func gradients(score: JSONValue) throws {
        let folder = try TemporaryFolder()
        // One task with fewer examples than requested: each is read once.
        let study = try Self.study(
            ["score": score, "examples": 999], ["tasks": [TinyStudy.settings()["tasks"]?[0] ?? .null]])
        let report = try report(try study.train(ranks: 3, into: folder))
        #expect(report.examples == 21)
        let (mask, store, data) = (try mask(study, folder), study.context.store, study.context.data[0])
        let matrices = store.blocks.filter(\.slice.isPrunable).map(\.range)
        func gradient(_ moved: [Float]) -> [Float] {
            var values = store.initial
            var rest = moved[...]
            for range in matrices {
                values.replaceSubrange(range, with: rest.prefix(range.count))
                rest = rest.dropFirst(range.count)
            }
            let (vector, gradient) = (GuardedMatrix(values), GuardedMatrix(1, store.count, filledWith: 0))
            let examples = LabelledBatch(
                data.train.batch(data.trainingIndices),
                data.trainingIndices.compactMap { data.train.targets[$0] })
            _ = study.context.model.lossAndGradient(
                examples, stage: .adapter(trainHead: false),
                BoundParameters(store.layouts[0], values: vector.base, gradient: gradient.base), .none,
                Workspace())
            return matrices.flatMap { gradient.values[$0] }
        }
        let initial = matrices.flatMap { store.initial[$0] }
        let scores =
            score == "snip"
            ? Saliency.snip(initial, gradient: gradient(initial))
            : Saliency.grasp(initial, gradient: gradient)
        let kept = matrices.flatMap(Array.init).map(mask.keeps)
        let largest = try #require(zip(scores, kept).filter { !$0.1 }.map(\.0).max())
        let smallest = try #require(zip(scores, kept).filter(\.1).map(\.0).min())
        // The sums have another order, so scores that agree to a thousandth of the largest may swap.
        let span = try #require(scores.map(abs).max())
        #expect(largest - smallest < 1e-3 * span)
        #expect(kept.count { !$0 } == Pruning().removedCount(of: initial.count))
    }

    @Test("Erdős–Rényi keeps a larger share of smaller matrices")
    func erdosRenyi() throws {
        let study = try TinyStudy([
            "adapter": [
                "method": "sparse", "score": "erdos-renyi", "sparsity": 0.8,
                "base": ["method": "lora", "rank": 8, "targets": ["query", "output"]],
            ], "stages.head.steps": 0,
        ])
        let report = try report(try study.train(into: TemporaryFolder()))
        for matrix in report.matrices {
            let share = Double(matrix.kept) / Double(matrix.kept + matrix.removed)
            // 24 by 8, and 40 by 8.
            let isSmall = matrix.kept + matrix.removed == 192
            // A fifth of 9 · 192 + 3 · 320 entries, over 9 · 32 + 3 · 48 rows and columns.
            let perRowOrColumn = 0.2 * 2688 / 432
            let expected = perRowOrColumn * (isSmall ? 32.0 / 192 : 48.0 / 320)
            #expect(abs(share - expected) < 0.01)
        }
    }

    @Test("Each owner's adapter is pruned separately, with its own threshold")
    func owners() throws {
        let study = try Self.study(
            ["score": "magnitude"],
            ["sharing": ["weight": "groups", "groups": ["texts": ["size", "colour"]]]])
        let report = try report(try study.train(ranks: 2, into: TemporaryFolder()))
        #expect(Set(report.matrices.map(\.owner)) == ["group:texts", "task:pair"])
        for owner in ["group:texts", "task:pair"] {
            let own = report.matrices.filter { $0.owner == owner }
            let count = own.reduce(0) { $0 + $1.kept + $1.removed }
            #expect(own.reduce(0) { $0 + $1.removed } == Pruning().removedCount(of: count))
        }
    }

    @Test("Another seed removes other entries at random")
    func seeds() throws {
        func removed(_ seed: JSONValue) throws -> ParameterMask {
            let folder = try TemporaryFolder()
            let study = try Self.study(["score": "random"], ["seed": seed])
            _ = try study.train(into: folder)
            return try mask(study, folder)
        }
        #expect(try removed(1) == removed(1))
        #expect(try removed(1) != removed(2))
    }

    @Test("A study of heads alone prunes nothing")
    func headsAlone() throws {
        let study = try TinyStudy(["adapter": Self.adapter(), "stages.adapter.steps": 0])
        let run = try study.train(into: TemporaryFolder())
        #expect(!run.events.contains { if case .pruned = $0 { true } else { false } })
        #expect(run.results?.parameters?.keptPerTask == nil)
    }

    // MARK: Refusals

    @Test(
        "A matrix whose entries all score 0 is named on every rank",
        arguments: ["snip", "grasp", "magnitude"])
    func zeroStart(score: JSONValue) throws {
        let study = try TinyStudy(["adapter": Self.adapter(["score": score], start: "standard")])
        for failure in try study.failures(ranks: 3, into: TemporaryFolder()) {
            #expect(failure.kind == .usage && failure.location == "adapter.base.start")
            #expect(failure.message.contains("has a \(score.string ?? "") score of 0"), "\(failure)")
            #expect(failure.remedy?.contains("start: normal") == true)
        }
        // Scores that do not depend on values can prune it.
        let random = try TinyStudy(["adapter": Self.adapter(["score": "random"], start: "standard")])
        #expect(try random.train(into: TemporaryFolder()).ending == .finished)
    }

    @Test("A checkpoint with a missing or foreign mask is refused")
    func tampered() throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy(["adapter": Self.adapter()])
        _ = try study.train(into: folder, stopAfter: 8)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let count = ParameterMask.wordCount(study.context.store.count)
        for replacement in [nil, [1], [Int64](repeating: -1, count: count)] as [[Int64]?] {
            let tensors = saved.tensors.compactMap { tensor -> NamedTensor? in
                guard tensor.name == "removed" else { return tensor }
                return replacement.map {
                    NamedTensor(name: "removed", shape: [$0.count], values: .int64($0))
                }
            }
            try Checkpoint(step: saved.step, tensors: tensors, facts: saved.facts(as: JSONValue.self))
                .write(into: folder.file("checkpoints"), keep: 1)
            for failure in try study.failures(ranks: 2, into: folder, resuming: true) {
                #expect(
                    failure.kind == .data && failure.message.hasPrefix("the checkpoint of step 8"),
                    "\(failure)")
            }
        }
    }
}
