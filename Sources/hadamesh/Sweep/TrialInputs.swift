import Collectives
import Coordination
import Diagnostics
import Encoders
import Kernels
import Studies
import Tasks
import Tokenizers
import Training

/// The backbones and tokenized tasks that the trials of a sweep share, each loaded once on a node.
final class TrialInputs {
    private struct BackboneKey: Hashable {
        /// Equal on all ranks, unlike folders of the Hugging Face cache.
        let name: String
        let arithmetic: ProductArithmetic

        init(_ study: Study) { (name, arithmetic) = (study.backbone.name, study.arithmetic) }
    }

    /// Everything that a task's examples depend on.
    private struct DataKey: Equatable {
        let task: TaskReference
        let data, backbone: String
        let maximumTokens: Int
        let heldOut: Double

        init(_ task: TaskReference, _ study: Study) {
            (self.task, data, backbone) = (task, study.data, study.backbone.name)
            (maximumTokens, heldOut) = (study.maximumTokens, study.evaluation.heldOut)
        }
    }

    /// Everything that the tokens of a text depend on.
    private struct TextKey: Hashable {
        let backbone: String
        let maximumTokens: Int

        init(_ study: Study) { (backbone, maximumTokens) = (study.backbone.name, study.maximumTokens) }
    }

    private var backbones: [BackboneKey: SharedBackbone] = [:]
    /// Examples that are scored on dev or held out have the same tokens.
    private var texts: [TextKey: TokenizedTexts] = [:]
    private var data: [(key: DataKey, value: Result<TaskData, Failure>)] = []

    /// Warnings about memory.
    var warnings: [Failure] { backbones.values.flatMap(\.warnings) }

    /// Loads the backbones and data of studies; a collective of the world.
    ///
    /// Data that cannot be read fail the trials that name them, not the sweep.
    func load(_ studies: [Study], on world: any Communicator, reportingTo observer: any ReadingObserver)
        throws
    {
        let memory = try NodeTokens(world)
        for study in studies {
            let shared =
                try backbones[BackboneKey(study)]
                ?? SharedBackbone(study.backbone.folder, study.arithmetic, on: world)
            backbones[BackboneKey(study)] = shared
            for (index, reference) in study.tasks.enumerated() {
                let key = DataKey(reference, study)
                if data.contains(where: { $0.key == key }) { continue }
                let texts = texts[TextKey(study)] ?? TokenizedTexts(study, shared.tokenizer, in: memory)
                self.texts[TextKey(study)] = texts
                observer.reading(reference.name, index + 1, of: study.tasks.count)
                data.append(
                    (
                        key,
                        try Self.result {
                            try TaskData(reference.resolve(), study, texts, reportingTo: observer)
                        }
                    ))
            }
        }
        if let refusal = memory.refusal { observer.warned(refusal) }
        try checkAgreement(world)
    }

    /// Refuses ranks with different backbones, tokenizers, data or kernels: each group compares only its own.
    private func checkAgreement(_ world: any Communicator) throws {
        var agreement = RankAgreement()
        let keys = backbones.keys.sorted {
            ($0.name, $0.arithmetic.rawValue) < ($1.name, $1.arithmetic.rawValue)
        }
        agreement.add(kernelsOf: keys.map(\.arithmetic))
        for key in keys {
            guard let shared = backbones[key] else { continue }
            try agreement.add(
                backbone: shared.weights, tokenizer: shared.tokenizer.identity,
                named: keys.count == 1 ? "backbone" : "backbone \(key.name)")
        }
        for (key, value) in data { agreement.add(data: try? value.get(), of: key.task.name) }
        try agreement.check(world)
    }

    /// The value of `body`, or its failure by the user's files or settings.
    private static func result(_ body: () throws -> TaskData) throws -> Result<TaskData, Failure> {
        do {
            return .success(try body())
        } catch let failure as Failure where failure.kind == .usage || failure.kind == .data {
            return .failure(failure)
        }
    }

    /// The inputs of a study that was loaded; no collective.
    func inputs(of study: Study) throws -> TrainingJob.Inputs {
        guard let shared = backbones[BackboneKey(study)] else {
            throw Failure.data("was not loaded before the trials", at: study.backbone.name)
        }
        return try TrainingJob.Inputs(
            LoadedBackbone(study, sharing: shared),
            study.tasks.map { reference in
                guard let known = data.first(where: { $0.key == DataKey(reference, study) }) else {
                    throw Failure.data("was not read before the trials", at: reference.name)
                }
                return try known.value.get()
            })
    }
}
