import Adapters
import Diagnostics
import Runs
import Studies
package import Tasks
import Training

extension TrainedRun {
    /// The change of a task's adapter by training.
    package func change(of task: any LanguageTask) throws -> AdapterChange {
        let (layout, values) = try parameters(of: task)
        return AdapterChange(
            layout, values, owners: try owners(of: task), task: task.name, isPruned: model.pruning != nil)
    }

    /// Refuses an imported adapter whose method begins at random values: its files do not have them.
    package func requireKnownStart(remedy: String) throws {
        guard directory.isImported else { return }
        for task in tasks {
            let layout = model.layout(for: task.output, headOwner: task.name, seed: study.seed)
            guard let slice = layout.slices.first(where: { $0.kind != .head && $0.start.isRandom }) else {
                continue
            }
            throw Failure.usage(
                "was imported, so the random values at which '\(slice.name)' began are unknown, and so is "
                    + "its change", at: directory.path, remedy: remedy)
        }
    }

    /// By tensor, the owner of a task's parameters; empty for an adapter that another program wrote.
    func owners(of task: any LanguageTask) throws -> [String: String] {
        let topology = try AdapterConfiguration.read(directory.adapters(task: task.name))?.topology ?? []
        return Dictionary(topology.map { ($0.name, $0.owner) }) { $1 }
    }
}
