import Adapters
import Diagnostics
import Encoders
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Memory of a micro-batch's activations")
struct ActivationMemoryTests {
    /// Batches of the golden batch's sequences, some repeated, each with another number of tokens.
    private func batches(_ task: TinyTask) -> [(PackedBatch, [Target])] {
        [[0, 1, 2, 3, 4, 0, 1, 2], [0], [3, 1], [4, 3, 2, 1, 0]].map { sequences in
            var batch = PackedBatch()
            let chosen = sequences.map { $0 % task.tiny.batch.count }
            for sequence in chosen {
                let tokens = task.tiny.batch.range(sequence)
                batch.append(
                    ids: Array(task.tiny.batch.ids[tokens]),
                    segments: Array(task.tiny.batch.segments[tokens]),
                    key: task.tiny.batch.keys[sequence])
            }
            return (batch, chosen.map { task.targets[$0] })
        }
    }

    @Test("After the largest micro-batch, no other allocates memory", arguments: [Pooling.mean, .cls])
    func noAllocation(_ pooling: Pooling) throws {
        let task = try TinyTask("classification", pooling: pooling)
        let workspace = Workspace()
        let (values, gradient) = (
            GuardedMatrix(task.start), GuardedMatrix(1, task.layout.count, filledWith: 0)
        )
        func lossAndGradient(_ batch: PackedBatch, _ targets: [Target]) {
            _ = task.model.lossAndGradient(
                LabelledBatch(batch, targets), stage: .adapter(trainHead: true),
                BoundParameters(task.layout, values: values.base, gradient: gradient.base), .none, workspace)
        }
        let batches = batches(task)
        // The first pass adds chunks as needed, the second joins them into one.
        for _ in 0..<2 { lossAndGradient(batches[0].0, batches[0].1) }
        let (capacity, allocations) = (workspace.capacity, workspace.allocations)
        for _ in 0..<3 {
            for (batch, targets) in batches { lossAndGradient(batch, targets) }
        }
        #expect(workspace.capacity == capacity && workspace.allocations == allocations)
        #expect(allocations > 0)
    }

    @Test("The estimate before training covers a micro-batch's memory by less than a factor of two")
    func estimate() throws {
        for layers in ["all", "2"] {
            let task = try TinyTask("classification", layers: layers)
            let (batch, targets) = batches(task)[0]
            // The memory in use, without slack for growth.
            let workspace = Workspace()
            let (values, gradient) = (
                GuardedMatrix(task.start), GuardedMatrix(1, task.layout.count, filledWith: 0)
            )
            _ = task.model.lossAndGradient(
                LabelledBatch(batch, targets), stage: .adapter(trainHead: true),
                BoundParameters(task.layout, values: values.base, gradient: gradient.base), .none, workspace)
            let estimate = Encoder(task.tiny.weights).activationBytes(
                sequences: (0..<batch.count).map { batch.range($0).count }, lowest: layers == "all" ? 0 : 2)
            #expect(
                workspace.peak <= estimate && estimate <= 2 * workspace.peak, "\(workspace.peak), \(estimate)"
            )
        }
    }
}
