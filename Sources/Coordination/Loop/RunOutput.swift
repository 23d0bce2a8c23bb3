import Adapters
import Diagnostics
import Formats
package import Runs
import Studies
import Tasks
import Training

/// The destination of a run's results: its directory and its observers.
package final class RunOutput: RunObserver {
    private let directory: RunDirectory
    private let observers: [any RunObserver]

    /// The directory must exist.
    package init(_ directory: RunDirectory, observers: [any RunObserver]) {
        self.directory = directory
        self.observers = observers
    }

    package func observe(_ event: RunEvent) throws {
        for observer in observers { try observer.observe(event) }
    }

    /// Writes a checkpoint, after the observers have made their records durable.
    func write(_ checkpoint: Checkpoint, keep: Int) throws {
        var checkpoint = checkpoint
        try checkpoint.set(notes: save())
        try checkpoint.write(into: checkpoints, keep: keep)
    }

    var checkpoints: String { directory.checkpoints }

    package func save() throws -> RunNote? { try observers.compactMap { try $0.save() }.first }

    package func resume(after step: Int, _ note: RunNote?) throws {
        for observer in observers { try observer.resume(after: step, note) }
    }

    /// Writes `adapters/<task>`: the task's parameters and their configuration.
    func writeAdapter(
        _ name: String, task: Int, _ values: [Float], _ context: RunContext, _ identity: RunIdentity?
    ) throws {
        let configuration = try AdapterConfiguration(
            context.study, context.model, context.data.map(\.task), context.store, task: task,
            identity: identity)
        try configuration.write(
            values, context.store.layouts[task], context.study, to: directory.adapters(task: name))
    }

    /// Writes `reference/step-N.safetensors`: each task's parameters before a step, and its gradient.
    func record(step: Int, _ plan: StepPlan, _ before: [Float], _ gradients: [[Float]], _ context: RunContext)
        throws
    {
        try Directory.create(directory.reference)
        var tensors: [NamedTensor] = []
        for (task, gradient) in zip(plan.tasks, gradients) {
            let values = context.store.values(of: task, in: before)
            let layout = context.store.layouts[task]
            for (slice, range) in zip(layout.slices, layout.ranges) {
                for (kind, vector) in [("parameters", values), ("gradients", gradient)] {
                    tensors.append(
                        NamedTensor(
                            name: "\(kind)/\(context.names[task])/\(slice.name)", shape: slice.shape,
                            values: .float(Array(vector[range]))))
                }
            }
        }
        try Safetensors.write(tensors, to: "\(directory.reference)/step-\(step).safetensors")
    }
}
