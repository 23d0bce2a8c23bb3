import Adapters
import Diagnostics
import Runs
import Studies
import Training

/// One stage of a study on its data: the parameters it trains, its steps and its learning rates.
struct StageSchedule: Sendable {
    /// The parameters that have a gradient.
    let stage: AdaptedModel.Stage
    let settings: StageSettings
    let steps: Int
    /// The steps that draw as many examples as all tasks have together.
    private let stepsPerEpoch: Double

    /// The stages of a study that have steps and parameters to train, in their order.
    ///
    /// With a method without parameters, an adapter stage that does not train the heads is left out.
    static func all(
        _ study: Study, _ layouts: [ParameterLayout], trainingExamples: [Int]
    ) throws -> [StageSchedule] {
        let perEpoch = Planner.stepsPerEpoch(trainingExamples, study.batch)
        let stages = [
            (AdaptedModel.Stage.head, study.stages.head),
            (.adapter(trainHead: study.stages.adapter.trainHead), study.stages.adapter),
        ].map { stage, settings in
            StageSchedule(
                stage: stage, settings: settings, steps: settings.stepCount(perEpoch: perEpoch),
                stepsPerEpoch: perEpoch)
        }.filter { $0.steps > 0 }
        if let long = stages.first(where: { $0.steps > StageSettings.mostSteps }) {
            throw Failure.usage(
                "are more than \(StageSettings.mostSteps) steps", at: "stages.\(long.name).epochs",
                remedy: "give fewer epochs, or steps")
        }
        if stages.isEmpty {
            throw Failure.usage(
                "neither stage has steps", at: "stages", remedy: "give one of them steps or epochs")
        }
        let training = stages.filter { stage in
            layouts.contains { $0.slices.contains { stage.trains($0.kind) } }
        }
        if training.isEmpty {
            let method = type(of: study.adapter.method).name
            throw Failure.usage(
                "'\(method)' has nothing to train in the adapter stage, and the head stage has no steps",
                at: "stages",
                remedy: "give the head stage steps or epochs, or set stages.adapter.trainHead: true")
        }
        return training
    }

    var name: StageName { stage == .head ? .head : .adapter }

    /// Whether the stage trains parameters of a kind.
    func trains(_ kind: ParameterKind) -> Bool {
        switch stage {
        case .head: kind == .head
        case .adapter(let trainHead): kind != .head || trainHead
        }
    }

    /// The epoch of a step of the stage, both from 0.
    func epoch(at step: Int) -> Int { Int(Double(step) / stepsPerEpoch) }

    /// The learning rate of a kind at a step of the stage.
    func learningRate(_ kind: ParameterKind, step: Int) -> Double {
        let schedule = LearningRateSchedule(settings.schedule, warmup: settings.warmup, steps: steps)
        return settings.learningRate[kind] * schedule.multiplier(step)
    }
}
