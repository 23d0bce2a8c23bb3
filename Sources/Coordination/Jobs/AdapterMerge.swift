import Adapters
package import Collectives
import Diagnostics
import Formats
package import Merging
package import Runs
import Studies
package import Tasks
import Training

/// One adapter for several tasks, merged from those that finished runs have for each; heads stay the tasks'
/// own.
///
/// The merged tensor is the common start plus the merged offset. A tensor shared by several tasks of a
/// run counts once; a single tensor is copied. Every rank computes the merge from the files.
package struct AdapterMerge: Sendable {
    /// The parameters of each task, in the layouts of the merged run's study.
    package let vectors: [[Float]]
    /// Tensors without the heads', and those among them that the rule left at their start.
    package let tensors: Int, unchanged: Int
    /// Whether matrices were merged that the method multiplies with others.
    package let hasFactors: Bool

    /// Merges the adapters of runs, all of whose tasks are the study's, in its order.
    ///
    /// - Throws: a failure if the adapters do not begin at the same values
    package init(_ runs: [TrainedRun], _ settings: MergeSettings) throws {
        if settings.readsStart {
            for run in runs {
                try run.requireKnownStart(remedy: "average them: --rule average needs no start")
            }
        }
        let members = try runs.flatMap { run in
            try run.tasks.map { task in
                let (layout, values) = try run.parameters(of: task)
                return Member(
                    run: run, task: task.name, layout: layout, values: values,
                    owners: try run.owners(of: task))
            }
        }
        let first = members[0]
        let adapter = first.layout.slices.indices.filter { first.layout.slices[$0].kind != .head }
        // The start of an imported adapter is not that of its study's seed.
        let trained = members.filter { !$0.run.directory.isImported }
        for (first, other) in zip(trained, trained.dropFirst()) {
            guard adapter.allSatisfy({ other.layout.slices[$0] == first.layout.slices[$0] }) else {
                throw Failure.usage(
                    "its adapters begin at the random values of seed \(other.run.study.seed), those of "
                        + "\(first.run.directory.path) at those of seed \(first.run.study.seed)",
                    at: other.run.directory.path,
                    remedy: "merge runs of one seed, whose adapters have a common start")
            }
        }
        var (merged, unchanged): ([Float], Int) = ([], 0)
        for index in adapter {
            let slice = first.layout.slices[index]
            let start = slice.initial
            let tensors = Self.distinct(members.map { $0.tensor(index) })
            // One tensor alone keeps its bits.
            var values = Array(tensors[0].values)
            if tensors.count > 1 {
                let offsets = tensors.map { zip($0.values, start).map { $0 - $1 } }
                let offset = settings.merged(slice.name, offsets, of: tensors.map(\.members))
                values = zip(start, offset).map { $0 + $1 }
            }
            if values.elementsEqual(start) { unchanged += 1 }
            merged += values
        }
        vectors = members.map { member in
            // A layout has the method's slices first, then the head's.
            merged + member.values[merged.count...]
        }
        (tensors, self.unchanged) = (adapter.count, unchanged)
        hasFactors = adapter.contains { first.layout.slices[$0].isPrunable }
    }

    private struct Member {
        let run: TrainedRun
        let task: String
        let layout: ParameterLayout
        let values: [Float]
        /// By tensor, within the run.
        let owners: [String: String]

        func tensor(_ index: Int) -> Tensor {
            let owner = owners[layout.slices[index].name] ?? "task:\(task)"
            return Tensor(
                run: run.directory.path, owner: owner, values: values[layout.ranges[index]], members: [])
        }
    }

    /// A tensor of one owner, with the indices of the tasks that it serves.
    private struct Tensor {
        let run, owner: String
        let values: ArraySlice<Float>
        var members: [Int]
    }

    /// The tensors of the members, each owner's once.
    ///
    /// With `evaluation.keep: best` tasks may keep copies of other steps; these are tensors of their own.
    private static func distinct(_ tensors: [Tensor]) -> [Tensor] {
        var distinct: [Tensor] = []
        for (member, tensor) in tensors.enumerated() {
            let known = distinct.firstIndex {
                $0.run == tensor.run && $0.owner == tensor.owner && $0.values.elementsEqual(tensor.values)
            }
            if let known {
                distinct[known].members.append(member)
            } else {
                distinct.append(tensor)
                distinct[distinct.count - 1].members = [member]
            }
        }
        return distinct
    }

    /// Scores the merged adapter on the data of its tasks; a collective.
    ///
    /// Unless other data is requested, it must be that of the runs.
    package func evaluate(
        _ context: RunContext, requiringDataOf runs: [TrainedRun], _ communicator: any Communicator,
        reportingTo observer: (any RunObserver)? = nil
    ) throws -> [TaskScore] {
        for run in runs {
            let names = run.tasks.map(\.name)
            try run.checkData(context.data.filter { names.contains($0.task.name) })
        }
        return try TrainedRun.scores(context, vectors, communicator, reportingTo: observer)
    }

    /// The results of a merged run.
    package static func results(_ scores: [TaskScore], _ context: RunContext) -> RunResults {
        let kept = scores.map { score in
            (score.task, Optional(KeptScore(score: score.mean, step: 0, splits: score.splits, best: nil)))
        }
        return RunResults(
            steps: 0,
            stages: [StageResult(stage: .merge, steps: 0, tasks: NamedValues(kept), drawn: NamedValues([]))],
            parameters: context.parameterCounts(nil), arithmetic: [.current(context.study.arithmetic)])
    }
}
