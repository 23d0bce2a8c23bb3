import Collectives
import Coordination
import Diagnostics
import Encoders
import Kernels
import Studies
import Tasks

/// The backbones and tokenized tasks that the trials of a sweep share, each loaded once.
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
    }

    /// Everything that the tokens of a text depend on.
    private struct TextKey: Hashable {
        let backbone: String
        let maximumTokens: Int
    }

    private var backbones: [BackboneKey: SharedBackbone] = [:]
    /// Examples that are scored on dev or held out have the same tokens.
    private var texts: [TextKey: TokenizedTexts] = [:]
    private var data: [(key: DataKey, value: TaskData)] = []

    /// Warnings about memory.
    var warnings: [Failure] { backbones.values.flatMap(\.warnings) }

    /// Loads the backbones of studies; a collective of the world.
    func load(_ studies: [Study], on world: any Communicator) throws {
        for study in studies where backbones[BackboneKey(study)] == nil {
            backbones[BackboneKey(study)] = try SharedBackbone(
                study.backbone.folder, study.arithmetic, on: world)
        }
    }

    /// The inputs of a study whose backbone is loaded; no collective.
    func inputs(of study: Study) throws -> TrainingJob.Inputs {
        guard let shared = backbones[BackboneKey(study)] else {
            throw Failure.data("was not loaded before the trials", at: study.backbone.name)
        }
        let backbone = try LoadedBackbone(study, sharing: shared)
        let textKey = TextKey(backbone: study.backbone.name, maximumTokens: study.maximumTokens)
        let texts = texts[textKey] ?? TokenizedTexts(study, backbone.tokenizer)
        self.texts[textKey] = texts
        return TrainingJob.Inputs(
            backbone,
            try study.tasks.map { reference in
                let key = DataKey(
                    task: reference, data: study.data, backbone: study.backbone.name,
                    maximumTokens: study.maximumTokens, heldOut: study.evaluation.heldOut)
                if let known = data.first(where: { $0.key == key }) { return known.value }
                let read = try TaskData(reference.resolve(), study, texts)
                data.append((key, read))
                return read
            })
    }
}
