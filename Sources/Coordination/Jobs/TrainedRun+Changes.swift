import Adapters
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

    /// By tensor, the owner of a task's parameters; empty for an adapter that another program wrote.
    func owners(of task: any LanguageTask) throws -> [String: String] {
        let topology = try AdapterConfiguration.read(directory.adapters(task: task.name))?.topology ?? []
        return Dictionary(topology.map { ($0.name, $0.owner) }) { $1 }
    }
}
