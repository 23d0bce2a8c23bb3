import Adapters
import Coordination
import Diagnostics
import Foundation
import Reports
import Runs
import Studies
import Tasks

/// Finished runs, from which the affinity of their tasks is measured.
struct MeasuredRuns {
    private struct Run {
        let source: SourceRun
        let agreement: TaskAgreement?
        /// The stage of the agreement.
        let stage: StageName?

        var directory: RunDirectory { source.directory }
        var study: Study { source.study }
    }

    private let runs: [Run]

    /// Opens runs; unfinished ones are refused, and so is a run that is named twice.
    init(_ paths: [String], backbone: String?, data: String?) throws {
        var seen: Set<String> = []
        runs = try paths.map { path in
            let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            if !seen.insert(folder).inserted {
                throw Failure.usage("is named twice", at: path, remedy: "name each run once")
            }
            let study = try StudyFile.study(ofFinished: path, backbone: backbone, data: data)
            let source = SourceRun(path, study)
            let stage = try source.results()?.stages.last { $0.agreement != nil }
            return Run(source: source, agreement: stage?.agreement, stage: stage?.stage)
        }
    }

    /// The directories of the runs that a measure reads.
    func directories(of measure: AffinityMeasure) -> [String] { read(by: measure).map(\.directory.path) }

    private func read(by measure: AffinityMeasure) -> [Run] {
        measure.isOfGradients ? runs.filter { $0.agreement != nil } : runs
    }

    /// The affinity by a measure; by default TAG's if the runs have measured gradients, else the adapters'.
    func affinity(_ measure: String?) throws -> TaskAffinity {
        let asked: AffinityMeasure? = try measure.map {
            try NamedOption.value($0, of: "--measure", kind: "measure")
        }
        let agreements = runs.compactMap(\.agreement)
        if asked == nil, agreements.isEmpty, SingleProcess.isFirst {
            StandardError.say(
                "note: no run has measured the tasks' gradients (agreement), so trained adapters are compared"
            )
        }
        let chosen = asked ?? (agreements.isEmpty ? .adapters : .affinity)
        try requireComparable(read(by: chosen), by: chosen)
        let affinity: TaskAffinity
        if chosen.isOfGradients {
            guard let found = TaskAffinity(chosen, measured: agreements) else {
                throw Failure.usage(
                    "no run has measured the \(chosen.rawValue) of the tasks' gradients", at: "--measure",
                    remedy: "name a run whose tasks share parameters, or use --measure adapters")
            }
            for run in runs where run.agreement == nil && SingleProcess.isFirst {
                StandardError.say("note: \(run.directory.path) has not measured gradients and is left out")
            }
            if found.parts.dropFirst().allSatisfy({ $0.name == ParameterKind.head.rawValue }),
                SingleProcess.isFirst
            {
                StandardError.say(
                    "note: the tasks share heads alone, so these numbers say nothing of adapters; "
                        + "--measure adapters compares those of the tasks")
            }
            affinity = found
        } else {
            affinity = try adapters()
        }
        guard affinity.tasks.count > 1 else {
            throw Failure.usage(
                "the runs have one task, \(affinity.tasks.first ?? "none")",
                remedy: "name runs of two tasks or more")
        }
        return affinity
    }

    /// A study of the measured tasks: that of the first run which the measure read, if it has them all, else
    /// its settings with all such runs' tasks.
    func study(of tasks: [String], _ measure: AffinityMeasure) -> Study {
        let runs = read(by: measure)
        let first = runs[0].study
        if Set(first.tasks.map(\.name)) == Set(tasks) { return first }
        let references = runs.flatMap(\.study.tasks)
        if first.combinesTasks || first.sampler.name != SamplerSettings().name, SingleProcess.isFirst {
            StandardError.say(
                "note: \(runs[0].directory.path) lacks some of the tasks, so the study has the defaults of "
                    + "combination and sampler in place of its own")
        }
        return first.sharedBy(tasks.compactMap { name in references.first { $0.name == name } })
    }

    /// Refuses runs whose numbers are not of one kind; rates scale TAG's affinity, and no cosine.
    private func requireComparable(_ runs: [Run], by measure: AffinityMeasure) throws {
        for run in runs.dropFirst() {
            let (own, first) = (run.source, runs[0].source)
            try own.requireSettings(
                of: first, remedy: "name runs of one method and its settings")
            try own.requireBackbone(of: first, remedy: "name runs on one backbone")
            // Rates of a head stage scale what its steps measured, those of adapters the others.
            let stage = "stages.\((run.stage ?? .adapter).rawValue)"
            let rates = ["learningRate", "schedule", "warmup"].map { "\(stage).\($0)" }
            guard let difference = try own.difference(from: first, in: rates) else { continue }
            if measure == .affinity {
                throw Failure.usage(
                    difference, at: run.directory.path,
                    remedy: "the affinity is proportional to the rate; name runs of one, or use "
                        + "--measure cosine")
            }
            if SingleProcess.isFirst { StandardError.say("note: \(run.directory.path) \(difference)") }
        }
    }

    /// The cosines of the changes of trained adapters.
    private func adapters() throws -> TaskAffinity {
        let adapters = try ChangedAdapter.all(of: runs.map { ($0.directory.path, $0.study) })
        try ChangedAdapter.requireStarts(of: adapters)
        let tensors = (adapters.first?.change.tensors ?? []).enumerated().map { index, tensor in
            ChangeProducts.Tensor(
                kind: tensor.kind.rawValue, layer: tensor.layer, owners: adapters.map { $0.owners[index] })
        }
        return TaskAffinity(
            adapters.map { TaskAffinity.Adapter(task: $0.task, run: $0.run) },
            ChangeProducts(tensors, adapters: adapters.count) { adapter, tensor in
                let change = adapters[adapter].change
                return change.values(of: change.tensors[tensor])
            })
    }
}

extension Study {
    /// A copy whose groups are those of a division of tasks; a task alone is in no group.
    func grouped(_ grouping: TaskGrouping, _ tasks: [String]) -> Study {
        let study = grouped(grouping.groups.filter { $0.count > 1 }.map { $0.map { tasks[$0] } })
        if combinesTasks, !study.combinesTasks, SingleProcess.isFirst {
            StandardError.say(
                "note: \(AffinityReport.text(grouping, tasks)): each task is alone, so the study leaves out "
                    + "the runs' combination, and its optimizer.moments is shared")
        }
        return study
    }
}
