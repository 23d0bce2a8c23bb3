import Adapters
import Diagnostics
package import Formats
import Foundation
package import Runs
package import Studies
import Tasks

/// A finished run on disk whose adapters or measurements are put beside those of others.
package struct SourceRun: Sendable {
    package let directory: RunDirectory
    package let study: Study

    package init(_ directory: String, _ study: Study) {
        (self.directory, self.study) = (RunDirectory(path: directory), study)
    }

    /// The study of the merged run: the first run's settings, and the tasks of all.
    ///
    /// - Throws: a failure if the runs cannot be merged, as far as their files say without a backbone
    package static func study(
        of sources: [SourceRun], sameData: Bool, allowing allowed: ForeignInputs = []
    ) throws -> Study {
        for source in sources { try source.requireAdapters() }
        for other in sources.dropFirst() {
            try other.requireSettings(of: sources[0])
            if sameData { try other.requireScores(of: sources[0]) }
            if allowed.contains(.backbone) { continue }
            try other.requireBackbone(of: sources[0])
            try other.requireKernels(of: sources[0])
        }
        try requireDistinctTasks(
            NamedValues(sources.map { ($0.directory.path, $0.study.tasks.map(\.name)) }),
            remedy: "name one run for each task: each task keeps its own head")
        try requireSeveralAdapters(sources)
        return sources[0].study.sharedBy(sources.flatMap(\.study.tasks))
    }

    /// The results of the run; nil for an imported adapter.
    package func results() throws -> RunResults? { try RunResults.read(directory) }

    // MARK: Checks

    private func requireAdapters() throws {
        if try type(of: study.adapter.method) == HeadOnly.self || results()?.parameters?.adapterAllTasks == 0
        {
            throw Failure.usage("trained heads only; it has no adapter to merge", at: directory.path)
        }
        if !study.adapter.method.members((any PrunedMethod).self).isEmpty {
            throw Failure.usage(
                "has sparse adapters, each with other entries removed, so that they have no common start",
                at: directory.path, remedy: "merge runs of the method that was pruned")
        }
    }

    /// Refuses a run whose adapters are of another method, or read other texts or numbers, than the first's.
    package func requireSettings(
        of first: SourceRun, remedy: String = "merge adapters of one method and its settings"
    ) throws {
        let keys = ["adapter.method", "adapter", "head", "maximumTokens", "arithmetic"]
        if let difference = try difference(from: first, in: keys, besides: "head.dropout") {
            throw Failure.usage(difference, at: directory.path, remedy: remedy)
        }
    }

    /// The first difference of settings from the first run's, in words; nil if there is none.
    ///
    /// The keys come in the order of weight: with another method all others of its section differ too.
    package func difference(
        from first: SourceRun, in keys: [String], besides ignored: String? = nil
    ) throws -> String? {
        let all = try RecordedSettings(first.study).differences(from: RecordedSettings(study))
            .filter { $0.path != ignored }
        let found = keys.lazy.compactMap { key in
            all.first { $0.path == key || $0.path.hasPrefix("\(key).") }
        }.first
        return found.map {
            "was trained with \($0.path) \($0.current), \(first.directory.path) with \($0.saved)"
        }
    }

    private func requireScores(of first: SourceRun) throws {
        let (heldOut, other) = (study.evaluation.heldOut, first.study.evaluation.heldOut)
        if study.data != first.study.data || heldOut != other {
            throw Failure.usage(
                "was scored on \(study.data) with evaluation.heldOut \(heldOut), "
                    + "\(first.directory.path) on \(first.study.data) with \(other)",
                at: directory.path, remedy: "name the folder with the files of all tasks: --data DIR")
        }
    }

    /// Refuses a run on another backbone than the first's.
    package func requireBackbone(
        of first: SourceRun,
        remedy: String = "merge adapters of one backbone, or pass --allow-different-backbone"
    ) throws {
        guard let current = try configuration(), let other = try first.configuration() else { return }
        let run = first.directory.path
        if let backbone = current.backbone,
            let difference = other.backbone?.difference(from: backbone, of: run)
        {
            throw Failure.usage(
                "was trained on another backbone than \(run): \(difference)", at: directory.path,
                remedy: remedy)
        }
        if let tokenizer = current.tokenizer, let expected = other.tokenizer, tokenizer != expected {
            throw Failure.usage(
                "was trained with another tokenizer than \(run)", at: directory.path, remedy: remedy)
        }
    }

    private func requireKernels(of first: SourceRun) throws {
        guard let current = try configuration()?.arithmetic?.last,
            let other = try first.configuration()?.arithmetic?.last, current != other
        else { return }
        throw Failure.usage(
            "was trained by \(current.words), \(first.directory.path) by \(other.words)", at: directory.path,
            remedy: "merge adapters of one arithmetic; train one of the runs again")
    }

    private func configuration() throws -> AdapterConfiguration? {
        try study.tasks.first.flatMap {
            try AdapterConfiguration.read(directory.adapters(task: $0.name))
        }
    }

    /// Refuses runs, by directory, of which two trained one task.
    package static func requireDistinctTasks(_ runs: NamedValues<[String]>, remedy: String) throws {
        var owners: [String: String] = [:]
        for run in runs.entries {
            for task in run.value {
                if let other = owners.updateValue(run.name, forKey: task) {
                    throw Failure.usage("\(other) and \(run.name) both trained \(task)", remedy: remedy)
                }
            }
        }
    }

    /// Refuses a single adapter: that of one task, or one that all tasks of a run share.
    private static func requireSeveralAdapters(_ sources: [SourceRun]) throws {
        guard sources.count == 1, let source = sources.first else { return }
        let owners = try source.study.tasks.map { task in
            let topology = try AdapterConfiguration.read(source.directory.adapters(task: task.name))?.topology
            return (topology ?? []).filter { !$0.name.hasPrefix("\(TensorName.head).") }.map(\.owner)
        }
        let stage = try source.results()?.stages.last
        let steps = source.study.tasks.map { stage?.tasks[$0.name]??.step }
        if Set(owners).count > 1 || Set(steps).count > 1 { return }
        throw Failure.usage(
            owners.count == 1
                ? "has one task, and thus one adapter" : "has one adapter, which all its tasks share",
            at: source.directory.path,
            remedy: "name several runs, or a run in which tasks have adapters of their own")
    }
}
