import Kernels
import Training

/// The combined gradient of one step on the blocks that it updates.
///
/// Memory for all parameters is allocated once; a step writes and reads only its own blocks.
final class StepGradient {
    private let store: ParameterStore
    private let memory: FloatBuffer
    /// The step's blocks, ascending.
    private(set) var blocks: [Int] = []

    init(_ store: ParameterStore) {
        self.store = store
        memory = FloatBuffer(store.count)
    }

    /// The gradient in the layout of the flat vector; values outside the step's blocks are undefined.
    var base: UnsafeMutablePointer<Float> { memory.base }

    func values(of block: Int) -> UnsafeMutableBufferPointer<Float> {
        let range = store.blocks[block].range
        return UnsafeMutableBufferPointer(start: memory.base + range.lowerBound, count: range.count)
    }

    /// Begins a step with these blocks and a gradient of zero.
    func begin(_ blocks: [Int]) {
        self.blocks = blocks
        for block in blocks { values(of: block).update(repeating: 0) }
    }

    /// Sets the gradient of pruned parameters to zero.
    func clear(_ mask: ParameterMask?) {
        guard let mask else { return }
        for block in blocks { mask.clear(memory.base, in: store.blocks[block].range) }
    }

    /// The norm over the step's blocks.
    var norm: GlobalNorm {
        var norm = GlobalNorm()
        for block in blocks {
            norm.add(
                memory.base + store.blocks[block].range.lowerBound, count: store.blocks[block].range.count)
        }
        return norm
    }
}
