import Adapters
import Diagnostics
import Formats
import Foundation
import Studies
import TestSupport
import Testing
import hadamesh

/// A run's `study.yaml` is the study, in a form that people read.
@Suite struct ResolvedStudyTests {
    private static let folder = EndToEnd.package.appendingPathComponent("launch/studies")

    /// Every method with its defaults, in `--set`'s form.
    static let methods: [[String]] = AdapterTable.all.map { method in
        let keys = method.settings.compactMap { setting in
            setting.example.map { "\(setting.key): [\($0.joined(separator: ", "))]" }
        }
        return ["adapter={\((["method: \(method.name)"] + keys).joined(separator: ", "))}"]
    }

    /// Numbers and texts that YAML could take for something else.
    static let changes: [[String]] = [
        ["stages.adapter.steps=60"], ["stages.head={epochs: 2.5}"], ["stages.adapter.epochs=0.25"],
        ["cache={directory: '1e-3', features: '0x1p3'}"], ["stages.adapter.learningRate=1.7e-5"],
        ["stages.adapter.learningRate={weight: 3e-3, head: 123456789.125}"], ["seed=18446744073709551615"],
        ["tasks=[mrpc, rte]", "sharing={}", "sampler={name: weighted, weights: {mrpc: 1e-7, rte: 1e7}}"],
        ["adapter={method: hadamard, layers: '0-3'}", "sharing.weight={0-3: all, 4-5: private}"],
        ["adapter=[hadamard, {method: lora, alpha: 0.1}]"],
        [
            "tasks=[mrpc, rte]", "sharing={}", "evaluation.every=5",
            "sampler={name: gap, reference: {mrpc: 0.6470588235294118, rte: -0.1234567890123456}}",
        ],
        ["combination={rule: upgrad, over: tensor, regularization: 1e-6}"],
        ["combination={rule: balanced, smoothing: 0.9, weights: {name: rate, temperature: 3}}"],
        ["tasks=[mrpc, rte]", "sharing={}", "combination.weights={mrpc: 2.5}", "optimizer.moments=perTask"],
    ]

    /// Another name in a section of methods drops the former method's settings, for each pair of a table.
    @Test(arguments: MethodSection.all.map { $0.path.joined(separator: ".") })
    func anotherMethodDropsTheFormerSettings(path: String) throws {
        let section = try #require(MethodSection.at(path.split(separator: ".").map(String.init)))
        let folder = try TemporaryFolder()
        func file(_ settings: [(String, JSONValue)], _ overrides: [String] = []) throws -> StudyFile {
            let content = section.path.reversed().reduce(JSONValue.object(settings)) { .object([($1, $0)]) }
            let study: [(String, JSONValue)] = [
                ("backbone", "b"), ("data", "d"), ("tasks", ["mrpc", "rte"]), ("evaluation", ["every": 5]),
            ]
            try folder.write(
                JSONValue.object(study + (content.object ?? [])).encoded(), to: "study.yaml")
            return try StudyFile(path: folder.file("study.yaml"), overrides: overrides)
        }
        var pairs = 0
        for old in section.table.methods {
            let settings = try JSONValue(encoding: old.init()).object ?? []
            for new in section.table.methods where new.name != old.name {
                // A method with a key that must be given cannot be named alone.
                let name = (section.nameKey, JSONValue.string(new.name))
                guard (try? file([name]).study()) != nil else { continue }
                let change = "\(path).\(section.nameKey)=\(new.name)"
                let changed = try file([(section.nameKey, .string(old.name))] + settings, [change])
                _ = try changed.study()
                let gone = old.settings.map(\.key).filter { key in
                    !new.settings.contains { $0.key == key }
                }
                #expect(changed.notes.count <= 1)
                for key in gone {
                    #expect(
                        changed.notes.first?.contains("\(path).\(key)") == true, "\(change): \(changed.notes)"
                    )
                }
                pairs += 1
            }
        }
        #expect(pairs > section.table.methods.count)
    }

    @Test(arguments: EndToEnd.StudyFileTests.studies, methods + changes)
    func itReadsBackAsTheSameStudy(file: String, changes: [String]) throws {
        let path = Self.folder.appendingPathComponent(file).path
        let study = try StudyFile(path: path, overrides: ["backbone=b", "data=d"] + changes).study()
        let text = try StudyFile.text(of: study)
        let place = try TemporaryFolder()
        try place.write(text, to: "study.yaml")
        let again = try StudyFile(path: place.file("study.yaml")).study()
        #expect(try JSONValue(encoding: again).canonical == JSONValue(encoding: study).canonical, "\(text)")
        #expect(text.firstMatch(of: /e\+0|e-0?[123]\n/) == nil, "\(text)")
        #expect(!text.contains("steps: 60\n    epochs: 3\n"), "\(text)")
    }

    @Test func numbersArePlain() throws {
        let path = Self.folder.appendingPathComponent("glue-shared.yaml").path
        let text = try StudyFile.text(of: StudyFile(path: path, overrides: ["backbone=b", "data=d"]).study())
        for line in [
            "dropout: 0.1", "beta1: 0.9", "epsilon: 1e-8", "megabytes: 2048", "attention: 0", "weight: 0.003",
            "steps: 1500", "epochs: 1",
        ] { #expect(text.contains(" \(line)\n"), "\(line) in \(text)") }
        #expect(text.matches(of: /epochs:/).count == 1)
    }

    /// Changes of a stage of 5 steps or of 2 epochs, the note of the dropped key, and the length that counts.
    static let lengths: [(file: String, changes: [String], note: String?, length: String)] = [
        (
            "steps: 5", ["epochs=2"], "--set stages.adapter.epochs=2: dropped stages.adapter.steps",
            "epochs: 2"
        ),
        ("epochs: 2", ["steps=5"], "--set stages.adapter.steps=5: dropped stages.adapter.epochs", "steps: 5"),
        // The later one counts; null gives the file's back.
        (
            "epochs: 2", ["steps=5", "epochs=4"],
            "--set stages.adapter.epochs=4: dropped stages.adapter.steps", "epochs: 4"
        ),
        ("epochs: 2", ["steps=5", "steps=null"], nil, "epochs: 2"),
        ("steps: 5", ["steps=null"], nil, "epochs: 3"), ("steps: 5", ["epochs=null"], nil, "steps: 5"),
        ("steps: 5", ["warmup=0"], nil, "steps: 5"),
    ]

    @Test(arguments: lengths) func aStageHasStepsOrEpochs(
        file: String, changes: [String], note: String?, length: String
    ) throws {
        let place = try TemporaryFolder()
        try place.write(Self.stage(file), to: "study.yaml")
        let changed = try StudyFile(
            path: place.file("study.yaml"), overrides: changes.map { "stages.adapter.\($0)" })
        #expect(
            changed.notes == (note.map { ["\($0), because a stage has steps or epochs"] } ?? []),
            "\(changed.notes)")
        let text = try StudyFile.text(of: changed.study())
        let adapter = text.components(separatedBy: "  adapter:\n").last ?? ""
        #expect(
            adapter.matches(of: /(steps|epochs): [0-9]+/).map { String($0.output.0) } == [length], "\(text)")
    }

    /// The study of a run that an earlier version began has both, and so has the run's identity.
    @Test func theStudyOfAnEarlierRunKeepsBoth() throws {
        let place = try TemporaryFolder()
        try place.write(Self.stage("steps: 5, epochs: 2"), to: "study.yaml")
        let study = try StudyFile(path: place.file("study.yaml"), isOfRun: true).study()
        #expect(study.stages.adapter.epochs == 2 && study.stages.adapter.stepCount(perEpoch: 100) == 5)
        try place.write(try StudyFile.text(of: study), to: "study.yaml")
        let again = try StudyFile(path: place.file("study.yaml"), isOfRun: true).study()
        #expect(again.stages == study.stages)
        #expect(throws: Failure.self) { try StudyFile(path: place.file("study.yaml")) }
    }

    private static func stage(_ length: String) -> String {
        "backbone: b\ndata: d\ntasks: [rte]\nstages:\n  adapter: { \(length) }\n"
    }

    /// A section that is replaced, and the keys of the file that are gone.
    @Test(
        arguments: [
            ("stages.adapter={warmup: 0}", "stages.adapter.steps"),
            ("stages={head: {steps: 1}}", "stages.adapter"),
            ("stages={adapter: {steps: 1, warmup: 0}}", nil), ("batch={microBatch: 2}", "batch.examples"),
            ("batch=null", nil), ("seed=2", nil),
        ] as [(String, String?)])
    func replacedKeysAreNamed(change: String, gone: String?) throws {
        let place = try TemporaryFolder()
        try place.write(Self.stage("steps: 5") + "batch: { examples: 32 }\n", to: "study.yaml")
        let notes = try StudyFile(path: place.file("study.yaml"), overrides: [change]).notes
        #expect(
            notes == (gone.map { ["--set '\(change)': dropped \($0), which the study file has"] } ?? []),
            "\(notes)")
    }
}
