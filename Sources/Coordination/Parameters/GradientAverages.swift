import Kernels

/// The averages of the tasks' gradients on shared blocks, for a rule that combines them.
///
/// They are part of the training state. This is the memory in which a step updates them, so that shares of
/// its gradient can point into it.
final class GradientAverages {
    private let layout: PerTaskLayout
    private let memory: FloatBuffer

    init(_ layout: PerTaskLayout) {
        self.layout = layout
        memory = FloatBuffer(layout.count)
    }

    /// Begins a step with saved averages; without numbers they are zero.
    func begin(_ saved: [Float]) {
        if saved.isEmpty {
            memory.base.update(repeating: 0, count: layout.count)
        } else {
            saved.withUnsafeBufferPointer { saved in
                if let base = saved.baseAddress { memory.base.update(from: base, count: layout.count) }
            }
        }
    }

    /// The averages after the step, for the training state.
    var saved: [Float] { Array(UnsafeBufferPointer(start: memory.base, count: layout.count)) }

    /// Moves a task's average on a block to a new gradient, m ← g + kept (m − g), and returns it.
    func update(
        _ block: Int, of task: Int, _ gradient: UnsafePointer<Float>, times factor: Float, kept: Float
    ) -> UnsafePointer<Float> {
        guard let range = layout.range(block, of: task) else { return gradient }
        let average = memory.base + range.lowerBound
        for i in 0..<range.count {
            let new = gradient[i] * factor
            average[i] = new + kept * (average[i] - new)
        }
        return UnsafePointer(average)
    }
}
