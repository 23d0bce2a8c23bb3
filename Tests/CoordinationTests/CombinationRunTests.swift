import Combination
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import TestSupport
import Testing
import Training

/// Runs with a combination rule.
@Suite("Combination rules in runs")
struct CombinationRunTests {
    /// A section `combination`, and the owner of the moments.
    struct Case: Sendable, CustomTestStringConvertible {
        let settings: [String: JSONValue]
        var moments = "shared"
        var testDescription: String { "\(settings), \(moments)" }
    }

    /// Every rule, over parts that differ from rule to rule.
    private static let rules: [Case] = {
        let compared = ["all", "kind", "layer", "tensor"]
        return CombinationTable.all.enumerated().map { index, rule in
            let over = rule.isConstant ? "all" : compared[index % compared.count]
            return Case(settings: ["rule": .string(rule.name), "over": .string(over)])
        }
    }()

    /// Every weighting, with the sum and with a rule.
    private static let weightings: [Case] = {
        let names: [JSONValue] = WeightingTable.all.map { .string($0.name) }
        return (names + [["size": 3]]).flatMap { weights in
            ["sum", "upgrad"].map { Case(settings: ["rule": .string($0), "weights": weights]) }
        }
    }()

    private static let smoothed = ["gradvac", "mgda", "balanced"].map { rule in
        Case(settings: ["rule": .string(rule), "over": "kind", "smoothing": 0.8, "weights": "random"])
    }

    /// Moments of each task, with every rule that makes other shares.
    private static let perTask = CombinationTable.all.map { rule in
        Case(settings: ["rule": .string(rule.name)], moments: "perTask")
    }

    static let cases = rules + weightings + smoothed + perTask

    /// Every step has micro-batches of all three tasks.
    private func changes(_ test: Case) -> [String: JSONValue] {
        [
            "combination": .object(test.settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }),
            "optimizer.moments": .string(test.moments), "sampler.name": "roundrobin",
            "sharing": [
                "weight": "all", "bias": "groups", "norm": "all", "groups": ["two": ["colour", "size"]],
            ],
            "stages.head.steps": 2, "stages.adapter.steps": 4, "checkpoint": ["every": 2, "keep": 9],
            "evaluation.keep": "last",
        ]
    }

    private func changes(_ rule: String) -> [String: JSONValue] {
        changes(Case(settings: ["rule": .string(rule)]))
    }

    @Test("Any number of ranks and a stop in between give the same bits", arguments: cases)
    func oneResult(_ test: Case) throws {
        let changes = changes(test)
        let folder = try TemporaryFolder()
        let outcome = try TinyStudy(changes).train(into: folder)
        let expected = try TrainedFiles(folder)
        for ranks in 2...4 {
            let folder = try TemporaryFolder()
            let other = try TinyStudy(changes).train(ranks: ranks, into: folder)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "\(ranks) ranks")
            #expect(other.steps.map(\.weights) == outcome.steps.map(\.weights))
            #expect(other.steps.map(\.effect) == outcome.steps.map(\.effect))
        }
        for stop in [3, 4] {
            let folder = try TemporaryFolder()
            _ = try TinyStudy(changes).train(ranks: 3, into: folder, stopAfter: stop)
            let resumed = try TinyStudy(changes).train(ranks: 2, into: folder, resuming: true)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "stopped after \(stop)")
            #expect(resumed.results?.stages.map(\.effect) == outcome.results?.stages.map(\.effect))
        }
        let sum = try TemporaryFolder()
        _ = try TinyStudy(self.changes("sum")).train(into: sum)
        let name = "colour/adapter_model.safetensors"
        let isSum =
            test.settings["rule"] == "sum" && [nil, "examples"].contains(test.settings["weights"])
            && test.moments == "shared"
        #expect((try TrainedFiles(sum).adapters[name] == expected.adapters[name]) == isSum)
    }

    // MARK: The comparison

    @Test("A step reports the inner products of the tasks in it, and the weights of each part")
    func report() throws {
        var changes = changes("pcgrad")
        changes["combination.over"] = "all"
        changes["batch"] = ["examples": 6, "microBatch": 3]
        let steps = try TinyStudy(changes).train(ranks: 2, into: TemporaryFolder()).steps
        // The heads are private, so the head stage has nothing to compare.
        #expect(steps[0].gramian == nil && steps[0].weights == nil && steps[0].effect == nil)
        #expect(steps.allSatisfy { $0.lossWeights?.names == $0.losses.names })
        let names = ["colour", "pair", "size"]
        for step in steps.dropFirst(2) {
            let gramian = try #require(step.gramian)
            for (i, row) in gramian.enumerated() {
                for (j, value) in row.enumerated() {
                    let takesPart = [i, j].allSatisfy { step.losses.names.contains(names[$0]) }
                    #expect((value != nil) == takesPart && value == gramian[j][i])
                }
            }
            let weights = try #require(step.weights)
            #expect(weights.names.first == "all")
            #expect(weights["all"]?.names == step.losses.names)
            let isPair = step.losses.names == ["colour", "size"]
            #expect(weights.names.contains("group:two") == isPair)
        }
        let summed = try TinyStudy(self.changes("sum")).train(into: TemporaryFolder()).steps
        #expect(summed.allSatisfy { $0.weights == nil } && summed[2].gramian != nil)
        for step in summed.dropFirst(2) {
            let (gramian, parts) = (try #require(step.gramian), try #require(step.agreement?.gramians))
            // Each parameter has one kind and one layer.
            for ofLayers in [true, false] {
                let matrices = parts.entries.filter { $0.name.hasPrefix("layer.") == ofLayers }.map(\.value)
                #expect(matrices.count > 1)
                for i in names.indices {
                    for j in 0...i {
                        let total = gramian[i][j].map { _ in matrices.reduce(0) { $0 + ($1[i][j] ?? .nan) } }
                        let error = abs((total ?? 0) - (gramian[i][j] ?? 0))
                        let scale = ((gramian[i][i] ?? 0) * (gramian[j][j] ?? 0)).squareRoot()
                        #expect(error <= 1e-12 * scale, "step \(step.step), \(names[i]), \(names[j])")
                    }
                }
            }
        }
        var unmeasured = self.changes("sum")
        unmeasured["combination"] = ["agreement": "off"]
        let alone = try TinyStudy(unmeasured).train(into: TemporaryFolder()).steps
        #expect(alone.allSatisfy { $0.gramian == nil && $0.agreement == nil })
    }

    /// For two tasks, in which no order matters.
    private struct InOrder: TaskOrders {
        func order(of count: Int, for task: Int) -> [Int] { Array(0..<count) }
    }

    @Test("A step's weights follow from its matrices and the weights of its losses", arguments: rules)
    func recomputed(_ test: Case) throws {
        var changes = changes(test)
        let tasks = TinyStudy.settings()["tasks"]?.array ?? []
        changes["tasks"] = .array([tasks[0], tasks[2]])
        changes["combination.weights"] = ["size": 3]
        let study = try TinyStudy(changes)
        let rule = study.context.study.combination.rule
        let step = try study.train(into: TemporaryFolder()).steps[2]
        let (weights, gramians) = (try #require(step.weights), try #require(step.gramians))
        #expect(!weights.entries.isEmpty && weights.names == gramians.names)
        for part in weights.entries {
            let tasks = TaskComparison(
                SymmetricMatrix(try #require(gramians[part.name])), orders: InOrder())
            let found = try #require(rule.weights(tasks))
            // Averages have the losses' weights in them.
            let expected = zip(found, part.value.names).map { weight, name in
                rule is any AveragingRule ? weight : weight * (step.lossWeights?[name] ?? .nan)
            }
            // A weight becomes a float when it multiplies a gradient.
            #expect(
                mismatch(part.value.values, expected, Tolerance(relative: 1e-6)) == nil, "\(part.name)")
        }
    }

    @Test("The averages of DB-MTL begin with a tenth of the gradients of log-losses")
    func firstAverages() throws {
        var changes = changes("balanced")
        changes["sharing"] = ["weight": "all", "bias": "all", "norm": "all"]
        let step = try TinyStudy(changes).train(into: TemporaryFolder()).steps[2]
        let (gramian, seen) = (try #require(step.gramian), try #require(step.gramians?["all"]))
        let losses = step.losses.values
        #expect(losses.count == 3)
        for i in losses.indices {
            for j in losses.indices {
                let expected = 0.01 * (gramian[i][j] ?? .nan) / (losses[i] * losses[j])
                // Averages are floats.
                #expect(mismatch([seen[i][j]], [expected], Tolerance(absolute: 1e-9, relative: 1e-4)) == nil)
            }
        }
    }

    @Test("The product of the weighting's and the rule's weights is reported")
    func productOfWeights() throws {
        let plain = try TinyStudy(changes("mean")).train(into: TemporaryFolder()).steps
        let doubled = try TinyStudy(changes(Case(settings: ["rule": "mean", "weights": ["size": 3]])))
            .train(into: TemporaryFolder()).steps
        let (before, after) = (try #require(plain[2].weights), try #require(doubled[2].weights))
        let third = 1.0 / 3
        #expect(
            mismatch(before["all"]?.values ?? [], [third, third, third], Tolerance(relative: 1e-6)) == nil)
        #expect(mismatch(after["all"]?.values ?? [], [third, third, 1], Tolerance(relative: 1e-6)) == nil)
    }

    // MARK: The effect

    @Test("Of gradient and update, the ratio and the cosine to the sum's are reported and averaged")
    func effect() throws {
        // Mean and sum are close on what three tasks with about equally many examples share.
        var changes = changes("mean")
        changes["sharing"] = ["weight": "all", "bias": "all", "norm": "all"]
        changes["optimizer.clip"] = 0
        let outcome = try TinyStudy(changes).train(ranks: 2, into: TemporaryFolder())
        for step in outcome.steps.dropFirst(2) {
            let effect = try #require(step.effect)
            #expect(abs((effect.gradient.ratio ?? 0) - 1) < 0.5)
            #expect((effect.gradient.cosine ?? 0) > 0.8)
        }
        let mean = try #require(outcome.results?.stages.last?.effect)
        let ratios = outcome.steps.compactMap { $0.effect?.gradient.ratio }
        #expect(ratios.count == 4)
        #expect(abs((mean.gradient.ratio ?? 0) - ratios.reduce(0, +) / 4) < 1e-12)
        // The first step's rate is 0, so there is no update to compare.
        #expect(outcome.steps[2].effect?.update.ratio == nil && outcome.steps[3].effect?.update.ratio != nil)

        let doubled = try TinyStudy(
            self.changes(
                Case(settings: ["rule": "sum", "weights": ["colour": 1, "pair": 1, "size": 1]]))
        ).train(into: TemporaryFolder())
        // Weights of 1 in place of shares that add up to 1: a longer gradient, and with AdamW and clipping
        // about the same update.
        let longer = try #require(doubled.results?.stages.last?.effect)
        #expect((longer.gradient.ratio ?? 0) > 1.9 && (longer.gradient.cosine ?? 0) > 0.8)
        #expect(abs((longer.update.ratio ?? 0) - 1) < 0.5)
    }

    /// The results of `fairgrad` are many times as long as the sum, so clipping acts on them.
    @Test(
        "What one task has alone gets its gradient in the sum, whatever the rule and the clipping",
        arguments: ["mgda", "fairgrad"], [0, 0.05])
    func ownParameters(_ name: String, clip: Double) throws {
        var changes = changes(name)
        changes["sharing"] = ["weight": "private", "bias": "all", "norm": "private"]
        changes["stages.head.steps"] = 0
        changes["stages.adapter.steps"] = 2
        changes["optimizer.clip"] = .number(clip)
        func weight(_ rule: String) throws -> [Float] {
            let folder = try TemporaryFolder()
            changes["combination.rule"] = .string(rule)
            _ = try TinyStudy(changes).train(into: folder)
            return try TrainedFiles.floats("layer.2.hadamard.weight", of: "pair", in: folder)
        }
        // The first step's rate is 0, so both steps have the gradients of the initial parameters.
        #expect(try differingBits(weight(name), weight("sum"), "weight") == nil)
    }

    // MARK: Conflict

    /// Two tasks on one head: the strong one, with most examples, draws every text with `red` to its label,
    /// which is the wrong one for the weak task's texts.
    private func conflict(_ rule: String) throws -> [(first: Double, last: Double)] {
        let folder = try TemporaryFolder()
        let texts = [("strong", "red cat sings", "warm"), ("weak", "red dog runs", "cold")]
        for (name, text, label) in texts {
            for split in ["train", "dev"] {
                let lines = (0..<20).map { _ in "the \(text)\t\(label)" }
                try folder.write(
                    (["text\tlabel"] + lines).joined(separator: "\n") + "\n", to: "\(name).\(split).tsv")
            }
        }
        func task(_ name: String) -> JSONValue {
            [
                "name": .string(name), "train": .string("\(name).train.tsv"),
                "dev": .string("\(name).dev.tsv"),
                "labels": ["warm", "cold"],
            ]
        }
        let steps = try TinyStudy([
            "data": .string(folder.path), "tasks": [task("strong"), task("weak")], "sharing.head": "all",
            "head.dropout": 0, "combination.rule": .string(rule), "batch": ["examples": 16, "microBatch": 1],
            "sampler": ["name": "weighted", "weights": ["strong": 3, "weak": 1]],
            // AdamW with such an epsilon is gradient descent with the rate 0.05; the rules speak of that.
            "optimizer": ["beta1": 0, "epsilon": 100, "weightDecay": 0, "clip": 0],
            "stages": ["head": ["steps": 8, "learningRate": 5, "warmup": 0], "adapter": ["steps": 0]],
        ]).train(into: folder).steps
        return ["strong", "weak"].map { name in
            let losses = steps.compactMap { $0.losses[name] }
            return (losses.first ?? 0, losses.last ?? 0)
        }
    }

    @Test("Under the sum the weak task of a conflict loses; under PCGrad and UPGrad both tasks gain")
    func conflicting() throws {
        let sum = try conflict("sum")
        #expect(sum[0].last < sum[0].first && sum[1].last > sum[1].first, "\(sum)")
        for rule in ["pcgrad", "upgrad"] {
            let losses = try conflict(rule)
            #expect(losses.allSatisfy { $0.last < $0.first }, "\(rule): \(losses)")
        }
    }

    // MARK: Warnings and refusals

    private func warnings(_ changes: [String: JSONValue]) throws -> [String] {
        try TinyStudy(changes).train(into: TemporaryFolder()).events.compactMap {
            if case .warned(let failure) = $0 { "\(failure)" } else { nil }
        }
    }

    @Test("A rule that weighs all tasks warns once of steps that lack one")
    func missingTask() throws {
        var changes = changes("mgda")
        changes["batch"] = ["examples": 6, "microBatch": 3]
        changes["sampler.draw"] = "random"
        let found = try warnings(changes)
        #expect(found.count == 1)
        #expect(
            found.first?.contains("mgda weighs the tasks against one another, but a step may lack") == true)
        #expect(found.first?.hasPrefix("combination.rule: ") == true)
        changes["combination.rule"] = "pcgrad"
        #expect(try warnings(changes) == [])
    }

    @Test("A rule that weighs all tasks gets each one in every step, or its study is refused")
    func everyTask() throws {
        var changes = changes("upgrad")
        changes["sampler.name"] = nil
        changes["sampler"] = ["name": "weighted", "weights": ["colour": 1, "pair": 20, "size": 100]]
        let run = try TinyStudy(changes).train(into: TemporaryFolder())
        let adapter = run.steps.filter { $0.stage == .adapter }
        #expect(adapter.count == 4 && adapter.allSatisfy { $0.losses.names == ["colour", "pair", "size"] })
        // In the head stage no task shares a parameter.
        #expect(run.steps.contains { $0.losses.names.count < 3 })
        // Of 4 micro-batches colour needs 1, where the sampler asks for 1/121 of them.
        let shares = try #require(run.results?.stages.last?.drawn)
        #expect(shares["colour"].map { abs($0.requested - 1 / 121) < 1e-12 && $0.realised == 0.25 } == true)
        let texts = run.events.compactMap { if case .warned(let failure) = $0 { "\(failure)" } else { nil } }
        #expect(
            texts == [
                "sampler: upgrad needs every task in every step, so colour gets 25.0 % of the "
                    + "micro-batches, not 0.8 %; a smaller batch.microBatch comes closer to the sampler's "
                    + "shares"
            ])

        changes["batch"] = ["examples": 6, "microBatch": 3]
        let failures = try TinyStudy(changes).failures(ranks: 2, into: TemporaryFolder())
        #expect(failures.count == 2 && failures[0] == failures[1] && failures[0].location == "batch.examples")
        #expect(
            failures[0].message
                == "is 6, 2 micro-batches of 3, but upgrad needs each of the 3 tasks in every step")
        #expect(failures[0].remedy?.hasPrefix("set it to 7 or more") == true)
        changes["batch"] = ["examples": 7, "microBatch": 3]
        _ = try TinyStudy(changes).train(into: TemporaryFolder())
    }

    @Test("Where a rule has no solution the sum stands, and one warning says so")
    func unsolved() throws {
        // Equal texts with opposite labels have opposite gradients on a shared head.
        let folder = try TemporaryFolder()
        for (name, label) in [("one", "warm"), ("other", "cold")] {
            for split in ["train", "dev"] {
                try folder.write("text\tlabel\nthe red cat\t\(label)\n", to: "\(name).\(split).tsv")
            }
        }
        func task(_ name: String) -> JSONValue {
            [
                "name": .string(name), "train": .string("\(name).train.tsv"),
                "dev": .string("\(name).dev.tsv"),
                "labels": ["warm", "cold"],
            ]
        }
        let study: [String: JSONValue] = [
            "data": .string(folder.path), "tasks": [task("one"), task("other")], "sharing.head": "all",
            "head.dropout": 0, "batch": ["examples": 2, "microBatch": 1], "sampler.name": "roundrobin",
            "stages": ["head": ["steps": 3], "adapter": ["steps": 0]], "evaluation.keep": "last",
        ]
        let summed = try TemporaryFolder()
        _ = try TinyStudy(study).train(into: summed)
        let ruled = try TemporaryFolder()
        let outcome = try TinyStudy(study.merging(["combination.rule": "nash"]) { $1 }).train(into: ruled)
        let texts = outcome.events.compactMap {
            if case .warned(let failure) = $0 { "\(failure)" } else { nil }
        }
        #expect(
            texts == [
                "step 1: nash has no solution on the parameters of all; the sum is used there, and in later "
                    + "steps like it"
            ])
        #expect(outcome.steps.allSatisfy { ($0.weights?.names ?? []).isEmpty })
        let name = "head.weight"
        #expect(
            try differingBits(
                TrainedFiles.floats(name, of: "one", in: ruled),
                TrainedFiles.floats(name, of: "one", in: summed),
                name) == nil)
    }

    @Test("A rule in a study that shares nothing is refused on every rank")
    func nothingShared() throws {
        let study = try TinyStudy([
            "combination.rule": "pcgrad",
            "sharing": ["weight": "private", "bias": "private", "norm": "private"],
        ])
        let failures = try study.failures(ranks: 2, into: TemporaryFolder())
        #expect(failures.count == 2 && failures[0] == failures[1])
        #expect(failures[0].location == "combination.rule")
        #expect(failures[0].message.hasPrefix("pcgrad has nothing to combine: no two tasks share"))
    }

    @Test(
        "Weights, moments and parts without anything to act on are refused",
        arguments: [
            (["combination.weights": "famo"], "combination.weights", "famo has nothing to weigh: no two"),
            (["optimizer.moments": "perTask"], "optimizer.moments", "perTask has nothing to act on: no two"),
            (
                [
                    "combination": ["rule": "upgrad", "over": "layer"],
                    "adapter": ["method": "hadamard", "layers": "1"], "sharing.weight": "all",
                ], "combination.over",
                "layer splits nothing: the parameters that tasks share are of one layer"
            ),
            (
                [
                    "combination": ["rule": "upgrad", "over": "kind"],
                    "adapter": ["method": "hadamard", "norm": "none"], "sharing.weight": "all",
                ], "combination.over",
                "are of one kind; leave it out, or choose among layer, tensor"
            ),
        ] as [([String: JSONValue], String, String)])
    func nothingToActOn(changes: [String: JSONValue], place: String, message: String) throws {
        let standard: [String: JSONValue] = [
            "sharing.weight": "private", "sharing.bias": "private", "sharing.norm": "private",
        ]
        let failure = #expect(throws: Failure.self) {
            try TinyStudy(standard.merging(changes) { $1 }).context.checkCombination()
        }
        #expect(
            failure?.location == place && failure?.description.contains(message) == true,
            "\(failure as Any)")
    }

    @Test("A checkpoint whose memory does not fit the study is refused", arguments: ["memory", "effect"])
    func tampered(key: String) throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy(changes(Case(settings: ["rule": "sum", "weights": "famo"])))
        _ = try study.train(into: folder, stopAfter: 4)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let value: JSONValue =
            key == "memory"
            ? ["weighting": [[1, 2], [3, 4], [5, 6]]] : ["sums": [1], "counts": [1, 2, 3]]
        let facts = try saved.facts(as: JSONValue.self).setting(["progress", key[...]], to: value)
        try Checkpoint(step: saved.step, tensors: saved.tensors, facts: facts)
            .write(into: folder.file("checkpoints"), keep: 1)
        for failure in try study.failures(ranks: 2, into: folder, resuming: true) {
            #expect(
                failure.kind == .data && failure.message.hasSuffix("has no usable '\(key)'"), "\(failure)")
        }
    }
}
