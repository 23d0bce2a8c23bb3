import Adapters
import Diagnostics
import Encoders
import Sampling
package import Studies
import Tasks
package import Training

/// The constant inputs of a run, equal on all ranks: study, model, data, sharing, stages.
package struct RunContext: Sendable {
    /// The resolved study.
    package let study: Study
    /// The backbone with method and head.
    package let model: AdaptedModel
    /// Each task's examples.
    package let data: [TaskData]
    /// The splits of all tasks, without duplicates.
    let splits: UniqueSplits
    /// All parameters, with their owners.
    package let store: ParameterStore
    /// Empty if examples are only scored.
    let stages: [StageSchedule]
    /// For each stage, the parameters on which the agreement of tasks is measured; empty parts if it is not.
    let measuredParts: [SharedParts]
    /// The lengths of the examples in the longest possible micro-batch of any task.
    let largestMicroBatch: [Int]
    /// An estimate of the bytes that a rank's activations take at most while it trains adapters.
    package let activationBytes: Int

    /// The tasks' names, in the study's order.
    package var names: [String] { data.map(\.task.name) }

    /// The planner's state at the start of a stage.
    var undrawn: PlannerState { PlannerState(tasks: data.count, study.sampler.sampler) }

    /// Without training, there are no stages, and tasks need no training split.
    package init(
        _ study: Study, _ model: AdaptedModel, _ data: [TaskData], forTraining isTrained: Bool = true
    ) throws {
        // Training, scoring and measuring all come through here, so no unchecked id reaches the embeddings.
        for data in data {
            for examples in [data.train] + data.evaluationSets.map(\.examples) {
                try examples.check(against: model.weights.configuration)
            }
        }
        if let sampler = study.sampler.sampler as? any ReferencedSampler, !sampler.reference.isRead {
            throw Failure.usage("names a run, which has not been read", at: "sampler.reference")
        }
        self.study = study
        self.model = model
        self.data = data
        splits = UniqueSplits(data)
        store = try ParameterStore(study, data.map(\.task), model)
        stages =
            isTrained
            ? try StageSchedule.all(
                study, store.layouts, trainingExamples: data.map(\.trainingIndices.count)) : []
        measuredParts = stages.map { [store] stage in
            SharedParts(store) { study.combination.agreement == .on && stage.trains($0) }
        }
        let longest = data.map { data in
            Array(data.trainingIndices.map(data.train.tokens).sorted(by: >).prefix(study.batch.microBatch))
        }
        largestMicroBatch = longest.max { $0.reduce(0, +) < $1.reduce(0, +) } ?? []
        activationBytes = try model.activationBytes(sequences: largestMicroBatch)
    }

    /// The number of parameters that the last stage trains, over all tasks.
    package var trainedParameters: Int {
        store.blocks.reduce(0) { sum, block in
            sum + (stages.last?.trains(block.slice.kind) == true ? block.range.count : 0)
        }
    }

    /// The ranks of a world of `size` that compute.
    ///
    /// - Throws: a failure if there are more of them than micro-batches in a step, or none
    package func computingRanks(of size: Int) throws -> [Int] {
        let usable = study.usableRanks
        if size < usable.lowerBound {
            throw Failure.usage(
                "a dedicated coordinator needs a second rank that computes", at: "coordinator",
                remedy: "start 2 ranks or more, or set coordinator: computes")
        }
        let ranks = Array(usable.lowerBound - 1..<size)
        if size > usable.upperBound {
            throw Failure.usage(
                "\(ranks.count) ranks would compute, but a step has only "
                    + "\(study.batch.microBatches) micro-batches "
                    + "(\(study.batch.examples) examples in micro-batches of \(study.batch.microBatch))",
                at: "batch",
                remedy: "start fewer ranks, or set batch.microBatch to "
                    + "\(max(1, study.batch.examples / ranks.count)) or less"
            )
        }
        return ranks
    }
}

extension RunContext: TokenCounts {
    /// The tokens of a task's training example.
    package func tokens(task: Int, example: Int) -> Int { data[task].train.tokens(example) }
}
