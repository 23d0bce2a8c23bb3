import Adapters
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Studies
import TestSupport
import Testing
import Training

@Suite("Study files")
struct StudyTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        let path: String
        let value: JSONValue
        let place: String
        let text: String
        var testDescription: String { "\(path): \(value.encoded())" }
        /// Setting `path` to `value` fails at `place`, by default `path`, with a message that contains
        /// `text`.
        init(_ path: String, _ value: JSONValue, at place: String? = nil, _ text: String) {
            (self.path, self.value, self.place, self.text) = (path, value, place ?? path, text)
        }
    }

    /// A misspelt key in every section.
    static let unknownKeys = [
        Bad("taks", [], "did you mean 'tasks'?"),
        Bad(
            "adapter", ["method": "hadamard", "sites": "heads"], at: "adapter.sites", "did you mean 'site'?"),
        Bad("head.poolng", "cls", "did you mean 'pooling'?"),
        Bad("sharing.weights", "all", "did you mean 'weight'?"),
        Bad("stages.heads", ["steps": 1], "did you mean 'head'?"),
        Bad("stages.head.step", 1, "did you mean 'steps'?"),
        Bad("stages.adapter.learningrate", 1, "did you mean 'learningRate'?"),
        Bad(
            "stages.adapter.learningRate", ["weight": 1, "nrom": 2], at: "stages.adapter.learningRate.nrom",
            "did you mean 'norm'?"),
        Bad("batch.example", 4, "did you mean 'examples'?"),
        Bad("cache.megabyte", 4, "did you mean 'megabytes'?"),
        Bad("combination.rul", "mgda", "did you mean 'rule'?"),
        Bad("combination.agrement", "off", "did you mean 'agreement'?"),
        Bad(
            "combination", ["rule": "cagrad", "radios": 1], at: "combination.radios", "did you mean 'radius'?"
        ),
        Bad("sampler.nam", "uniform", "did you mean 'name'?"),
        Bad(
            "sampler", ["name": "stop-and-go", "patienc": 1], at: "sampler.patienc",
            "did you mean 'patience'?"
        ),
        Bad(
            "combination", ["rule": "upgrad", "zzzz": 1], at: "combination.zzzz",
            "allowed: agreement, over, regularization, rule, smoothing, weights"),
        Bad(
            "sampler", ["name": "bandit", "zzzz": 1], at: "sampler.zzzz", "allowed: draw, name, scale"),
        Bad("optimizer.weightdecay", 0, "did you mean 'weightDecay'?"),
        Bad("dropout.hiden", 0, "did you mean 'hidden'?"), Bad("evaluation.evry", 3, "did you mean 'every'?"),
        Bad("checkpoint.keeps", 3, "did you mean 'keep'?"),
        Bad("debug.gradients", 3, "unknown key 'gradients'"),
        Bad("record.gradients", 3, at: "record", "it is now called 'debug'"),
        Bad("stall.stopp", 3, "did you mean 'stop'?"),
        Bad("tasks.0.lables", [], at: "tasks[0].lables", "did you mean 'labels'?"),
        Bad("tasks.1.columns.frist", "one", at: "tasks[1].columns.frist", "did you mean 'first'?"),
        Bad("zzzzzzzz", 1, "allowed: adapter, arithmetic, backbone"),
    ]

    /// For every key, a value that is out of range, of another type, or misspelt.
    static let values = [
        Bad("backbone", nil, "missing key 'backbone'"), Bad("data", nil, "missing key 'data'"),
        Bad("tasks", nil, "missing key 'tasks'"), Bad("tasks", [], "is empty"),
        Bad("tasks", ["mprc"], at: "tasks[0]", "did you mean 'mrpc'?"),
        Bad("tasks", ["mrpc", "rte", "mrpc"], "names 'mrpc' twice"),
        Bad("tasks.1.name", "colour", at: "tasks", "names 'colour' twice"),
        Bad("tasks.0.labels", ["warm"], at: "tasks[0].labels", "expected at least two"),
        Bad("adapter.method", "hadamar", "did you mean 'hadamard'?"),
        Bad("adapter", ["method": "hadamard", "layers": "3-1"], at: "adapter.layers", "expected layers"),
        Bad(
            "adapter", ["method": "hadamard", "norm": "atention"], at: "adapter.norm",
            "did you mean 'attention'?"),
        Bad("head.pooling", "average", "unknown value 'average'"), Bad("head.dropout", 1, "below 1"),
        Bad("head.dense", "tanhh", "did you mean 'tanh'?"),
        Bad(
            "head", ["pooling": "pooler", "dense": "tanh"], at: "head.dense", "which is a dense layer already"
        ),
        Bad("head", 3, "expected a mapping"), Bad("sharing.weight", "al", "did you mean 'all'?"),
        Bad("sharing.weight", 3, "expected all, groups, private, or a mapping"),
        Bad("sharing.weight", ["first": "all"], "'first' is not a set of layers"),
        Bad("sharing.weight", ["0": "every"], at: "sharing.weight.0", "unknown value 'every'"),
        Bad("sharing.weight", "groups", "is groups, but sharing.groups names none"),
        Bad("sharing.groups", ["a": ["pair"]], "but no kind of parameter is shared by them"),
        Bad("sharing", "privat", "did you mean 'private'?"),
        Bad("evaluation", ["patience": 2], at: "evaluation.patience", "is 2, but every is 0"),
        Bad("stages.adapter.learningRate", "fast", "expected a number, or a mapping of rates"),
        Bad("adapter", ["peft_type": "LORA"], at: "adapter.peft_type", "the key is method"),
        Bad("sharing.groups", ["a": ["color"]], at: "sharing.groups.a", "did you mean 'colour'?"),
        Bad(
            "sharing.groups", ["a": ["pair"], "b": ["pair"]], at: "sharing.groups.b", "lists 'pair' twice"),
        Bad("stages.head.steps", -1, "is -1"), Bad("stages.head.steps", 1.5, "expected a whole number"),
        Bad("stages.head.epochs", -0.5, "is -0.5"),
        Bad("stages.adapter.warmup", 1.1, "a share of the stage's steps"),
        Bad("stages.adapter.schedule", "cosin", "did you mean 'cosine'?"),
        Bad("stages.adapter.learningRate", -1, "is -1.0, expected"),
        Bad(
            "stages.adapter.learningRate", ["head": 1], at: "stages.adapter.learningRate.weight",
            "missing key 'weight'"),
        Bad("stages.head.trainHead", true, at: "stages.head", "belongs to the adapter stage"),
        Bad("batch.examples", 0, "expected 1 to 65536"),
        Bad("batch.microBatch", 13, "expected 1 to batch.examples = 12"),
        Bad("batch.microBatch", "eight", "expected a whole number"),
        Bad("combination.rule", "pcgard", "unknown rule 'pcgard'; did you mean 'pcgrad'?"),
        Bad("combination.rule", 3, "expected a string, found '3'"),
        Bad("combination.rule", "best", "allowed: aligned, balanced, cagrad"),
        Bad("combination.over", "layers", "did you mean 'layer'?"),
        Bad("combination.agreement", "of", "unknown value 'of'; did you mean 'off'?"),
        Bad("combination", "pcgrad", "expected a mapping with keys among"),
        Bad(
            "combination.weights", "uncertainti",
            "unknown weighting 'uncertainti'; did you mean 'uncertainty'?"),
        Bad(
            "combination.weights", 3, "expected the name of a weighting, or a number for each task, found '3'"
        ),
        Bad("combination.weights", ["color": 2], "has 'color', which is not a task of the study"),
        Bad(
            "combination.weights", ["size": 1, "colour": 0], at: "combination.weights.colour",
            "is 0.0, expected 1e-06 to 1000000"),
        Bad(
            "combination.weights", ["colour": 1e300], at: "combination.weights.colour",
            "is 1e+300, expected 1e-06 to 1000000"),
        Bad("combination.weights", [:], "is empty, expected a number for a task"),
        Bad(
            "combination.weights", ["name": "rates"], at: "combination.weights.name",
            "did you mean 'rate'?"),
        Bad(
            "combination.weights", ["name": "rate", "temperature": 0], at: "combination.weights.temperature",
            "is 0.0, expected 0.001 to 1000000"),
        Bad(
            "combination.weights", ["name": "rate", "decay": 0], at: "combination.weights.decay",
            "'decay' is a key of famo, not of rate"),
        Bad(
            "combination", ["rule": "upgrad", "smoothing": 1], at: "combination.smoothing",
            "is 1.0, expected 0 (off) or more and below 1"),
        Bad("combination.smoothing", 0.5, "the weights of sum do not change from step to step"),
        Bad("combination.over", "kind", "is kind, but sum does not compare gradients"),
        Bad("optimizer.moments", "pertask", "did you mean 'perTask'?"),
        Bad(
            "combination", ["rule": "cagrad", "radius": 11], at: "combination.radius",
            "is 11.0, expected 0 to 10"),
        Bad(
            "combination", ["rule": "cagrad", "alpha": 1], at: "combination.alpha",
            "'alpha' is a key of fairgrad, not of cagrad"),
        Bad("sampler.name", "porportional", "did you mean 'proportional'?"),
        Bad("sampler", "porportional", "did you mean 'proportional'?"),
        Bad("backbone", "", "is empty"), Bad("data", "~/glue", "only a shell expands '~'"),
        Bad("stages.adapter.epochs", 1e300, "to 100000"), Bad("cache.megabytes", 1e30, "to 1e9"),
        Bad(
            "sampler", ["name": "temperature", "temperature": 0], at: "sampler.temperature",
            "a positive number"),
        Bad("sampler", ["name": "temperature", "cap": -1], at: "sampler.cap", "is -1"),
        Bad(
            "sampler", ["name": "weighted", "weights": ["colour": 0]], at: "sampler.weights",
            "not a positive number"),
        Bad(
            "sampler", ["name": "weighted", "weights": ["colours": 1]], at: "sampler.weights",
            "did you mean 'colour'?"),
        Bad("sampler.draw", "quotas", "did you mean 'quota'?"),
        Bad(
            "sampler.temperature", 2,
            "'temperature' is a key of temperature, not of proportional; allowed: draw, name"),
        Bad(
            "sampler", ["name": "bandit", "reference": 2], at: "sampler.reference",
            "'reference' is a key of gap and reference-loss, not of bandit"),
        Bad("sampler", ["name": "bandit", "scale": 0], at: "sampler.scale", "is 0.0, expected 1e-06 to"),
        Bad(
            "sampler", ["name": "stop-and-go", "interval": 0], at: "sampler.interval",
            "is 0, expected 1 to 1000000"),
        Bad(
            "sampler", ["name": "stop-and-go", "patience": 0, "cooldown": 0], at: "sampler.cooldown",
            "is 0, and so is patience"),
        Bad("sampler", "gap", at: "sampler.reference", "gap has no reference"),
        Bad(
            "sampler", ["name": "reference-loss", "reference": ["colour": 1, "pair": 1]],
            at: "sampler.reference", "has no loss of 'size'"),
        Bad(
            "sampler", ["name": "weighted", "weights": ["colour": 1, "pair": 1]], at: "sampler.weights",
            "no weight for 'size'"),
        Bad("optimizer.clip", -1, "is -1.0"), Bad("dropout.hidden", 1, "below 1"),
        Bad("dropout.attention", -0.1, "is -0.1"), Bad("evaluation.every", -1, "is -1"),
        Bad("evaluation.patience", -1, "is -1"), Bad("evaluation.keep", "bets", "did you mean 'best'?"),
        Bad("evaluation.heldOut", 0.9, "below 0.9"), Bad("checkpoint.every", -1, "is -1"),
        Bad("checkpoint.keep", 0, "expected 1 to"), Bad("debug.dumpGradients", -1, "is -1"),
        Bad("cache.megabytes", -1, "is -1.0"), Bad("cache.directory", "", "is empty"),
        Bad("cache.features", "", "is empty"), Bad("stall.warn", -1, "expected 0 (never)"),
        Bad("stall.stop", 0.01, "expected 0 (never)"),
        Bad("stall", ["warn": 4, "stop": 3], at: "stall.stop", "at least stall.warn = 4"),
        Bad("report", "no", "expected true or false"),
        Bad("maximumTokens", 7, "8 or more"), Bad("coordinator", "dedicate", "did you mean 'dedicated'?"),
        Bad("arithmetic", "bfloat", "did you mean 'bfloat16'?"), Bad("arithmetic", 16, "expected one of"),
        Bad("stages.head.steps", 1_000_000_001, "is 1000000001, expected 0 (skip the stage) to 1000000000"),
        Bad("stages.adapter.steps", .integer(.max), "expected 0 (skip the stage) to 1000000000"),
        Bad("evaluation.every", .integer(.max), "to 1000000000 steps"),
        Bad("evaluation.patience", .integer(.max), "to 1000000000 evaluations"),
        Bad("checkpoint.every", .integer(.max), "to 1000000000 steps"),
        Bad("checkpoint.keep", .integer(.max), "1 to 1000000000"),
        Bad("debug.dumpGradients", .integer(.max), "to 1000000000 steps"),
        Bad(
            "tasks.0.name", .string(String(repeating: "é", count: 51)), at: "tasks[0].name",
            "has 102 bytes, expected at most 100"),
        Bad("seed", -1, "expected a whole number from 0"),
    ]

    @Test("Endless epochs exceed the bound on steps without a trap")
    func endlessEpochs() throws {
        let stages = try TinyStudy.decode(["stages.adapter": ["epochs": 100_000]]).stages
        #expect(stages.adapter.stepCount(perEpoch: 1e300) == StageSettings.mostSteps + 1)
    }

    @Test("Heads that no stage trains, and a rate for them, are warned of")
    func headsWithoutTraining() throws {
        func warnings(_ head: JSONValue, _ adapter: JSONValue) throws -> [String] {
            try TinyStudy.decode(["stages": ["head": head, "adapter": adapter]]).stages.warnings
                .map { $0.location ?? "" }
        }
        let rates: JSONValue = ["weight": 3e-3, "head": 1e-2]
        #expect(try warnings(["steps": 1], ["steps": 1]) == [])
        #expect(try warnings(["steps": 0], ["steps": 1]) == ["stages"])
        #expect(try warnings(["epochs": 0], ["steps": 1]) == ["stages"])
        #expect(try warnings(["steps": 0], ["steps": 1, "trainHead": true, "learningRate": rates]) == [])
        #expect(
            try warnings(["steps": 1], ["steps": 1, "learningRate": rates]) == ["stages.adapter.learningRate"]
        )
        #expect(try warnings(["steps": 0], ["steps": 0]) == [])
    }

    @Test("A sampler without options is its name alone")
    func samplerName() throws {
        let sampler = try TinyStudy.decode(["sampler": "uniform"]).sampler
        #expect(sampler.name == "uniform" && sampler.draw == .quota)
    }

    @Test("A sampler of scores needs evaluations within a stage", arguments: ["gap", "stop-and-go"])
    func evaluations(_ name: String) throws {
        let reference: JSONValue = ["colour": 1, "pair": 1, "size": 1]
        let section: JSONValue =
            name == "gap" ? ["name": "gap", "reference": reference] : ["name": .string(name)]
        _ = try TinyStudy.decode(["sampler": section])
        let failure = #expect(throws: Failure.self) {
            _ = try TinyStudy.decode(["sampler": section, "evaluation.every": 0])
        }
        #expect(failure?.location == "evaluation.every")
        #expect(failure?.message.contains("the sampler \(name) reads scores") == true)
    }

    @Test("An unknown key is an error with a suggestion", arguments: unknownKeys)
    func unknownKey(_ bad: Bad) throws { try expectRefusal(of: bad) }

    @Test("An impossible value is an error at its key", arguments: values)
    func badValue(_ bad: Bad) throws { try expectRefusal(of: bad) }

    private func expectRefusal(of bad: Bad) throws {
        let failure = #expect(throws: Failure.self) { _ = try TinyStudy.decode([bad.path: bad.value]) }
        #expect(failure?.kind == .usage && failure?.location == bad.place)
        #expect(failure?.description.contains(bad.text) == true, "\(failure?.description ?? "none")")
    }

    @Test("The tables above name every section of a study")
    func everySection() throws {
        let encoded = try resolved(TinyStudy.decode())
        let sections = (encoded.object ?? []).filter { $0.1.object != nil }.map(\.0)
        #expect(sections.count == 14)
        for section in sections {
            #expect(Self.unknownKeys.contains { $0.place.hasPrefix("\(section).") }, "\(section)")
        }
        for key in (encoded.object ?? []).map(\.0) {
            #expect(
                Self.values.contains { $0.path.split(separator: ".")[0] == key } || key == "debug", "\(key)")
        }
    }

    private func resolved(_ study: Study) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try JSONValue(parsing: try encoder.encode(study), at: "study")
    }

    @Test("An encoded study is the resolved one, and decodes to itself", arguments: OneResultTests.cases)
    func fixpoint(_ test: OneResultTests.Case) throws {
        let study = try TinyStudy.decode(test.changes)
        let once = try resolved(study)
        #expect(try resolved(TinyStudy.decode(text: once.encoded())) == once)
        #expect(once["sampler"]?["name"] != nil && once["optimizer"]?["beta1"]?.double == 0.9)
    }

    @Test(
        "Rules with layers, rates by kind, and epochs survive encoding",
        arguments: [
            ["sharing.weight": ["0-1": "all", "2": "private"]],
            ["stages.adapter.learningRate": ["weight": 1, "head": 2]],
            ["stages.head": ["epochs": 2.5]], ["adapter": ["method": "hadamard", "layers": 2]],
            ["tasks": ["mrpc", "stsb"], "sharing": ["weight": "groups", "groups": ["a": ["stsb"]]]],
            ["sharing": "private"],
        ] as [[String: JSONValue]])
    func fixpointOfParts(changes: [String: JSONValue]) throws {
        let once = try resolved(TinyStudy.decode(changes))
        #expect(try resolved(TinyStudy.decode(text: once.encoded())) == once)
    }

    @Test("The smallest study has the documented defaults")
    func defaults() throws {
        let study = try TinyStudy.decode(text: #"{"backbone": "b", "data": "d", "tasks": ["mrpc"]}"#)
        let method = try #require(study.adapter.method as? Hadamard)
        #expect(method.site == .heads && method.norm == .attention && method.layers == .all)
        #expect(study.head == HeadSettings(pooling: .mean, dropout: 0.1))
        #expect(study.sharing == SharingSettings() && study.sharing.head == SharingRule(.private))
        let own = try TinyStudy.decode(["sharing": "private"]).sharing
        #expect(ParameterKind.allCases.allSatisfy { own.rule($0) == SharingRule(.private) })
        #expect(study.batch == BatchSettings(examples: 32, microBatch: 8) && study.batch.microBatches == 4)
        #expect(study.stages.head.learningRate[.head] == 1e-3 && study.stages.head.epochs == 3)
        #expect(study.stages.adapter.learningRate[.weight] == 3e-3 && !study.stages.adapter.trainHead)
        #expect(study.stages.adapter.schedule == .linear && study.stages.adapter.warmup == 0.06)
        #expect(
            study.sampler.name == "proportional" && study.sampler.draw == .quota
                && study.optimizer == OptimizerSettings())
        #expect(study.evaluation == EvaluationSettings() && study.checkpoint == CheckpointSettings())
        #expect(study.maximumTokens == 128 && study.seed == 42 && study.coordinator == .computes)
        #expect(study.arithmetic == .float32)
    }

    @Test("Groups of other tasks have other names")
    func groupNames() throws {
        let groups = try TinyStudy.decode().grouped([["a", "b-c"], ["a-b", "c"]]).sharing.groups
        #expect(groups == ["a+b-c": ["a", "b-c"], "a-b+c": ["a-b", "c"]])
    }

    @Test("Where each task is alone nothing is combined")
    func aloneTasks() throws {
        var changes: [String: JSONValue] = [
            "combination": ["rule": "upgrad", "over": "layer", "weights": ["pair": 2], "agreement": "off"],
            "optimizer.moments": "perTask", "sharing": ["head": "groups", "groups": ["a": ["pair"]]],
        ]
        let study = try TinyStudy.decode(changes)
        let alone = study.grouped([])
        #expect(study.combinesTasks && study.grouped([["pair", "size"]]).combinesTasks)
        #expect(!alone.combinesTasks && alone.combination.over == .all && alone.combination.agreement == .off)
        #expect(try resolved(TinyStudy.decode(text: resolved(alone).encoded())) == resolved(alone))
        changes["sharing"] = ["head": "all"]
        #expect(try TinyStudy.decode(changes).grouped([]).combinesTasks, "heads are shared")
    }

    @Test("A step's micro-batches round up, and a small batch is one micro-batch")
    func microBatches() throws {
        #expect(BatchSettings(examples: 33, microBatch: 8).microBatches == 5)
        #expect(
            try TinyStudy.decode(["batch": ["examples": 4]]).batch
                == BatchSettings(examples: 4, microBatch: 4))
    }
}
