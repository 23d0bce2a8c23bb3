import Diagnostics
package import Runs

extension TaskAffinity {
    /// A trained adapter of a task in a run.
    package struct Adapter: Sendable {
        package let task, run: String

        package init(task: String, run: String) { (self.task, self.run) = (task, run) }
    }

    /// The cosines of the changes of trained adapters.
    ///
    /// A pair of tasks has the mean over the runs that have both; if none has, over all their adapters.
    package init(_ adapters: [Adapter], _ products: ChangeProducts) {
        let tasks = adapters.map(\.task).distinct
        func cosine(_ first: String, _ second: String, _ sums: ChangeProducts.Sums) -> Double? {
            let pairs = adapters.indices.flatMap { a in
                adapters.indices.filter { b in adapters[a].task == first && adapters[b].task == second }
                    .map { b in (a, b) }
            }
            let together = pairs.filter { adapters[$0.0].run == adapters[$0.1].run }
            return (together.isEmpty ? pairs : together).compactMap { sums.cosine($0, $1) }.mean
        }
        self.init(
            tasks: tasks, measure: .adapters,
            parts: products.parts.map { part in
                Part(
                    name: part.name,
                    values: tasks.map { first in
                        tasks.map { first == $0 ? nil : cosine(first, $0, part.sums) }
                    })
            })
    }
}
