import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Studies
import Tasks
import TestSupport
import Tokenizers
import Training

/// A study of three made-up tasks on the tiny BERT, small enough to be trained many times.
///
/// `colour` has two classes, `pair` three classes of sentence pairs, `size` is a regression. A step has four
/// micro-batches.
struct TinyStudy {
    let study: Study
    let context: RunContext
    /// The identity of its checkpoints.
    let identity: RunIdentity

    /// The standard study with some keys set (`"stages.head.steps": 4`).
    ///
    /// Weights are read as its products need them, unless `converted` says that all become floats.
    init(
        _ changes: [String: JSONValue] = [:], data: TinyData? = nil, backbone: Int = 7,
        converted: Bool = false
    ) throws {
        _ = blasThreads
        let data = try data ?? TinyData()
        study = try Self.decode(changes, data: data.path)
        let weights = try EncoderWeights(
            directory: study.backbone.folder, for: converted ? .float32 : study.arithmetic)
        let tokenizer = try TokenizerFolder.load(study.backbone.folder)
        let study = study
        let model = try AdaptedModel(weights, study.adapter.method, study.head, study.arithmetic)
        let tasks = try TaskData.all(study.tasks.map { try $0.resolve() }, study, tokenizer)
        context = try RunContext(study, model, tasks)
        let checksum = try JSONValue(encoding: BackboneIdentity(of: weights))
            .setting(["checksum"], to: .integer(backbone))
        identity = try RunIdentity(
            study, backbone: checksum.decoded(from: "backbone"), tokenizer: tokenizer.identity, tasks)
    }

    /// Decodes the standard study with some keys set.
    static func decode(_ changes: [String: JSONValue] = [:], data: String = "data") throws -> Study {
        try decode(text: settings(changes, data: data).encoded())
    }

    /// Decodes a study from JSON.
    static func decode(text: String) throws -> Study {
        try JSONDecoder().decode(Study.self, from: Data(text.utf8))
    }

    /// The standard study as JSON, with some keys set.
    static func settings(_ changes: [String: JSONValue] = [:], data: String = "data") -> JSONValue {
        let standard: JSONValue = [
            "backbone": .string(TinyModel.directory), "data": .string(data),
            "tasks": [
                [
                    "name": "colour", "train": "colour.train.tsv", "dev": "colour.dev.tsv",
                    "labels": ["warm", "cold"],
                ],
                [
                    "name": "pair", "train": "pair.train.tsv", "dev": "pair.dev.tsv",
                    "columns": ["first": "one", "second": "two", "label": "kind"],
                    "labels": ["none", "one", "more"], "metrics": ["accuracy", "macro-f1"],
                ],
                ["name": "size", "train": "size.train.tsv", "dev": "size.dev.tsv", "range": [0, 6]],
            ],
            "dropout": ["hidden": 0.1, "attention": 0.1],
            "stages": [
                "head": ["steps": 5, "learningRate": 0.05],
                "adapter": ["steps": 7, "learningRate": 0.02, "trainHead": true],
            ],
            "batch": ["examples": 12, "microBatch": 3], "evaluation": ["every": 2],
            "checkpoint": ["every": 3, "keep": 9], "maximumTokens": 32,
        ]
        return changes.sorted { $0.key < $1.key }.reduce(standard) {
            $0.setting($1.key.split(separator: ".")[...], to: $1.value)
        }
    }

    /// The outcome of a run on rank 0.
    struct Outcome: Sendable {
        let ending: RunEnding
        let events: [RunEvent]

        var steps: [StepReport] {
            events.compactMap { if case .step(let report) = $0 { report } else { nil } }
        }
        var evaluations: [EvaluationReport] {
            events.compactMap { if case .evaluated(let report) = $0 { report } else { nil } }
        }
        var results: RunResults? {
            events.compactMap { if case .finished(let results) = $0 { results } else { nil } }.last
        }
    }

    /// Trains; the rank `stopper` is asked to stop after `stopAfter` steps of this run.
    func train(
        ranks: Int = 1, into folder: TemporaryFolder, resuming: Bool = false, stopAfter: Int? = nil,
        stopper: Int = 0, pausePoint: PausePoint? = nil,
        through wrap: @escaping @Sendable (any Communicator) -> any Communicator = { $0 }
    ) throws -> Outcome {
        let body = rank(folder, resuming, stopAfter, stopper, pausePoint)
        return try ThreadWorld.run(ranks) { try body(wrap($0)) }[0]
    }

    /// Trains a study that every rank must refuse, and returns the failure of each.
    func failures(ranks: Int, into folder: TemporaryFolder, resuming: Bool = false) throws -> [Failure] {
        let body = rank(folder, resuming, nil, 0)
        return try ThreadWorld.run(ranks) { communicator in
            do {
                _ = try body(communicator)
                return .usage("did not fail")
            } catch let failure as Failure {
                return failure
            } catch let divergence as Divergence {
                return divergence.failure
            } catch let unprunable as Unprunable {
                return unprunable.failure
            }
        }
    }

    private func rank(
        _ folder: TemporaryFolder, _ resuming: Bool, _ stopAfter: Int?, _ stopper: Int,
        _ pausePoint: PausePoint? = nil
    ) -> @Sendable (any Communicator) throws -> Outcome {
        let (context, identity, path) = (context, identity, folder.path)
        return { communicator in
            let recorder = Recorder()
            let output =
                communicator.rank == 0 ? RunOutput(RunDirectory(path: path), observers: [recorder]) : nil
            let request = stopAfter.flatMap { steps in
                communicator.rank == stopper
                    ? StepLimit(steps, recorder: communicator.rank == 0 ? recorder : nil) : nil
            }
            let run = try TrainingRun(
                context, communicator, output: output, pausePoint: pausePoint, stopRequest: request)
            try run.begin(identity: identity, resuming: resuming)
            return Outcome(ending: try run.run(), events: recorder.events)
        }
    }

    /// A request to stop after some steps.
    private final class StepLimit: StopRequest {
        private let steps: Int
        private let recorder: Recorder?
        private var polls = 0

        init(_ steps: Int, recorder: Recorder?) { (self.steps, self.recorder) = (steps, recorder) }

        var isMade: Bool {
            if let recorder { return recorder.steps >= steps }
            // Ranks other than 0 poll once in each step, before it is counted.
            polls += 1
            return polls >= steps
        }
    }

    private final class Recorder: RunObserver {
        private(set) var events: [RunEvent] = []
        private(set) var steps = 0

        func observe(_ event: RunEvent) {
            events.append(event)
            if case .step = event { steps += 1 }
        }
    }
}

/// The files of a run whose bits must not depend on ranks or interruptions: adapters and the last state.
struct TrainedFiles: Equatable {
    let adapters: [String: Data]
    let lastState: Data?

    init(_ folder: TemporaryFolder) throws {
        let root = folder.file("adapters")
        adapters = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
            .reduce(into: [:]) { $0[$1] = FileManager.default.contents(atPath: "\(root)/\($1)") }
        lastState = try Checkpoint.newest(in: folder.file("checkpoints")).checkpoint?.encoded()
    }

    /// The first difference from the expected files, or nil.
    func difference(from expected: TrainedFiles) -> String? {
        if adapters.isEmpty || lastState == nil { return "there is nothing to compare" }
        let names = Set(adapters.keys).union(expected.adapters.keys).sorted()
        if let name = names.first(where: { adapters[$0] != expected.adapters[$0] }) { return name }
        return lastState == expected.lastState ? nil : "the last checkpoint"
    }

    /// The values of a task's adapter tensor.
    static func floats(_ name: String, of task: String, in folder: TemporaryFolder) throws -> [Float] {
        try SafetensorsFile(path: folder.file("adapters/\(task)/adapter_model.safetensors")).floats(name)
    }
}

extension JSONValue {
    /// A copy with the value at a path replaced or added; numbers in the path are positions in arrays.
    func setting(_ path: ArraySlice<Substring>, to value: JSONValue) -> JSONValue {
        guard let key = path.first else { return value }
        if let elements = array, let index = Int(key) {
            var changed = elements
            if index < elements.count {
                changed[index] = elements[index].setting(path.dropFirst(), to: value)
            } else {
                changed.append(value)
            }
            return .array(changed)
        }
        let old = self[String(key)] ?? .object([])
        let others = (object ?? []).filter { $0.0 != key }
        return .object(others + [(String(key), old.setting(path.dropFirst(), to: value))])
    }
}
