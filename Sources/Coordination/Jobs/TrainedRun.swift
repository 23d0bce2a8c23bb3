package import Adapters
package import Collectives
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
package import Runs
package import Studies
package import Tasks
package import Tokenizers
package import Training

/// A finished run's adapters on their backbone, for evaluation and prediction.
package struct TrainedRun: Sendable {
    package let study: Study
    /// The backbone with method and head.
    package let model: AdaptedModel
    package let tasks: [any LanguageTask]
    let directory: RunDirectory
    private let tokenizer: String?
    private let allowed: ForeignInputs

    /// Opens the adapters of a run directory.
    ///
    /// They are refused on a backbone, tokenizer or kernels other than those of training, unless these are
    /// allowed to differ. `tokenizer` is its checksum, nil if no text is read.
    package init(
        _ study: Study, _ model: AdaptedModel, tokenizer: String? = nil, directory: String,
        allowing allowed: ForeignInputs = []
    ) throws {
        self.study = study
        self.model = model
        self.directory = RunDirectory(path: directory)
        self.tokenizer = tokenizer
        self.allowed = allowed
        tasks = try study.tasks.map { try $0.resolve() }
    }

    /// A task of the study by name.
    package func task(named name: String) throws -> any LanguageTask {
        guard let task = tasks.first(where: { $0.name == name }) else {
            throw Failure.usage(
                "unknown task '\(name)' in this run", at: "--task",
                remedy: didYouMean(name, among: tasks.map(\.name)))
        }
        return task
    }

    /// A task's trained parameters, in its layout.
    package func parameters(of task: any LanguageTask) throws -> (layout: ParameterLayout, values: [Float]) {
        let layout = model.layout(for: task.output, headOwner: task.name, seed: study.seed)
        let folder = directory.adapters(task: task.name)
        let values = try AdapterFolder.read(layout, from: folder)
        let recorded = try AdapterConfiguration.read(folder)
        if let recorded { try checkInputs(of: folder, recorded) }
        try FileOfAnotherRun.check(
            recorded?.files, against: FileOfAnotherRun.all(of: model.method),
            since: "\(folder) was trained", remedy: "restore it, or train this run again")
        return (layout, values)
    }

    /// Refuses to use an adapter with inputs other than those of training.
    ///
    /// Entries that an older version did not write are not compared.
    private func checkInputs(of folder: String, _ recorded: AdapterConfiguration) throws {
        if !allowed.contains(.backbone) {
            let present = BackboneIdentity(of: model.weights)
            if let own = recorded.backbone, present.checksum != nil,
                let difference = own.difference(from: present)
            {
                throw Failure.data(
                    "was not trained on \(study.backbone): \(difference)", at: folder,
                    remedy:
                        "pass the original one with --backbone, or pass --allow-different-backbone")
            }
            if let own = recorded.tokenizer, let tokenizer, own != tokenizer {
                throw Failure.data(
                    "was not trained with the tokenizer of \(study.backbone)", at: folder,
                    remedy: "restore the backbone's tokenizer files, or pass --allow-different-backbone")
            }
        }
        let settings: [(String, (any Encodable)?, any Encodable)] = [
            ("adapter", recorded.adapter, study.adapter), ("head", recorded.head, study.head),
            ("arithmetic", recorded.products, study.arithmetic),
            ("maximumTokens", recorded.maximumTokens, study.maximumTokens),
        ]
        for (key, own, present) in settings {
            guard let own = try own.map(RecordedSettings.init) else { continue }
            let present = try RecordedSettings(present)
            if own == present { continue }
            throw Failure.data(
                "was trained with \(key) \(own.encoded), the run's study.yaml says \(present.encoded)",
                at: folder, remedy: "restore the run's study.yaml")
        }
        let (arithmetic, current) = (recorded.arithmetic ?? [], Arithmetic.current(study.arithmetic))
        if !allowed.contains(.kernels), let last = arithmetic.last, !arithmetic.contains(current) {
            throw Failure.data(
                "was trained by \(last.words); here the program is \(current.words), "
                    + "which gives different bits",
                at: folder,
                remedy: "use it on processors with the same kernels, or pass --allow-different-kernels")
        }
    }

    /// Writes imported or merged adapters, `adapters/<task>` for each task, from vectors in the layouts.
    package static func write(
        _ study: Study, _ model: AdaptedModel, _ vectors: [[Float]], identity: RunIdentity? = nil,
        to directory: RunDirectory
    ) throws {
        let tasks = try study.tasks.map { try $0.resolve() }
        let store = try ParameterStore(study, tasks, model)
        for (index, vector) in vectors.enumerated() {
            let configuration = try AdapterConfiguration(
                study, model, tasks, store, task: index, identity: identity)
            try configuration.write(
                vector, store.layouts[index], study, to: directory.adapters(task: tasks[index].name))
        }
    }

    /// Scores tasks; a collective whose result every rank has.
    ///
    /// Ranks with different data, adapters or backbones are refused, and if required also data other than the
    /// run was trained and scored on.
    package func evaluate(
        _ data: [TaskData], requiringItsOwn isRequired: Bool = false, _ communicator: any Communicator,
        reportingTo observer: (any RunObserver)? = nil
    ) throws -> [TaskScore] {
        let context = try RunContext(study, model, data, forTraining: false)
        let vectors = try data.map { try parameters(of: $0.task).values }
        if isRequired { try checkData(data) }
        return try Self.scores(context, vectors, communicator, reportingTo: observer)
    }

    /// Scores all tasks of a context at given parameters, in the tasks' layouts; a collective.
    static func scores(
        _ context: RunContext, _ vectors: [[Float]], _ communicator: any Communicator,
        reportingTo observer: (any RunObserver)? = nil
    ) throws -> [TaskScore] {
        try RankAgreement.checkInputs(context, parameters: vectors.flatMap { $0 }, communicator)
        let workspace = Workspace()
        let predictor = DistributedPredictor(
            context, communicator, ranks: Array(0..<communicator.size), nil, workspace)
        do {
            return try predictor.scores(
                Array(context.data.indices), vectors, adapted: true, reportingTo: observer)
        } catch let bad as DistributedPredictor.NonFiniteLogit {
            throw Failure.data(
                "a logit of \(context.names[bad.task]) is not finite",
                remedy: "the adapter has diverged; train it with a lower learning rate")
        }
    }

    /// Refuses data other than the run's manifest records; a run without a manifest is not checked.
    func checkData(_ data: [TaskData]) throws {
        let recorded: RunIdentity? = try Manifest.read(directory)?.identity()
        for data in data {
            guard let own = recorded?.data[data.task.name], own != data.fingerprint else { continue }
            throw Failure.data(
                "the data of \(data.task.name) is not what this run was trained and scored on",
                at: study.data,
                remedy: "restore it, or pass other data to score on with --data")
        }
    }

    /// The logits of a task's examples, in order, on every rank; a collective.
    ///
    /// Ranks with different texts, adapters or backbones are refused.
    package func predict(
        _ task: any LanguageTask, _ examples: [Example], _ tokenizer: any Tokenizer,
        _ communicator: any Communicator, reportingTo observer: (any ReadingObserver & RunObserver)? = nil
    ) throws -> Predictions {
        let (layout, values) = try parameters(of: task)
        let tokenized = try tokenize(
            examples, task, tokenizer, in: NodeTokens(communicator), reportingTo: observer)
        try RankAgreement.checkPrediction(model, tokenized, parameters: values, communicator)
        communicator.watch?.enter(.evaluation, step: 0)
        let workspace = Workspace()
        let width = task.output.width
        var shared = SharedLogits(count: examples.count * width)
        try observer?.observe(.evaluating(done: 0, of: examples.count))
        for (index, start) in stride(from: 0, to: examples.count, by: 32).enumerated()
        where index % communicator.size == communicator.rank {
            communicator.watch?.enter(microBatch: index + 1)
            let end = min(examples.count, start + 32)
            let batch = tokenized.batch(start..<end)
            let logits = values.withUnsafeBufferPointer { values in
                values.baseAddress.map {
                    model.logits(
                        batch, task: task.name, BoundParameters(layout, values: $0, gradient: nil),
                        adapted: true, workspace)
                } ?? []
            }
            shared.set(logits, at: start * width)
            // Ranks take turns, so the others have come about as far.
            try observer?.observe(.evaluating(done: end, of: examples.count))
        }
        return try Predictions(logits: shared.gathered(communicator), width: width)
    }

    /// Tokenizes examples to at most the study's `maximumTokens`.
    func tokenize(
        _ examples: [Example], _ task: any LanguageTask, _ tokenizer: any Tokenizer,
        in memory: some TokenMemory = PrivateTokens(), reportingTo observer: (any ReadingObserver)? = nil
    ) throws -> TokenizedExamples {
        let tokenized = try TokenizedExamples(
            examples, name: task.name, tokenizer, maximumTokens: study.maximumTokens, in: memory,
            reportingTo: observer)
        try tokenized.check(against: model.weights.configuration)
        return tokenized
    }
}
