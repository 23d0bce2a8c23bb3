import Adapters
import Runs
import Studies
package import Tasks
import Training

extension TrainedRun {
    /// The change of a task's adapter by training.
    package func change(of task: any LanguageTask) throws -> AdapterChange {
        let (layout, values) = try parameters(of: task)
        let topology = try AdapterConfiguration.read(directory.adapters(task: task.name))?.topology ?? []
        let owners = Dictionary(topology.map { ($0.name, $0.owner) }) { $1 }
        return AdapterChange(
            layout, values, owners: owners, task: task.name, isPruned: model.pruning != nil)
    }
}
