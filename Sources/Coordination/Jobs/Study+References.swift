import Diagnostics
import Sampling
package import Studies
import Tasks

extension Study {
    /// A copy whose sampler references are numbers, read from the runs that the study names.
    ///
    /// The numbers are settings of the copy, so they are part of a run's identity: a resumed run reads no
    /// reference again, and one that is started again with other numbers is refused.
    package func readingReferences() throws -> Study {
        guard let sampler = sampler.sampler as? any ReferencedSampler, !sampler.reference.isRead else {
            return self
        }
        let kind = type(of: sampler).reference
        let tasks = try self.tasks.map { try $0.resolve() }
        var runs: [String: ReferenceRun] = [:]
        let numbers = try sampler.reference.asNumbers(of: tasks.map(\.name)) { path, name, key in
            let run = try runs[path] ?? ReferenceRun(path, key: key)
            runs[path] = run
            guard let task = tasks.first(where: { $0.name == name }) else {
                preconditionFailure("references of the study's tasks alone are asked for")
            }
            switch kind {
            case .score:
                return try run.score(of: task, on: evaluation.heldOut > 0 ? [.train] : task.evaluationSplits)
            case .loss: return try run.loss(of: task)
            }
        }
        return using(SamplerSettings(sampler.with(numbers), draw: self.sampler.draw))
    }
}
