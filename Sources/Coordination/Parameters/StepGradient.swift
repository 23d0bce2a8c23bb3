import Kernels
import Training

/// The gradient of one step on the blocks that it touches.
///
/// Its memory is as long as all parameters and is allocated once; a step writes and reads its own blocks alone.
final class StepGradient {
    private let store: ParameterStore
    private let memory: FloatBuffer
    /// The touched blocks, ascending.
    private(set) var blocks: [Int] = []

    init(_ store: ParameterStore) {
        self.store = store
        memory = FloatBuffer(store.count)
    }

    /// All parameters' gradient; only the touched blocks' numbers mean anything.
    var base: UnsafeMutablePointer<Float> { memory.base }

    /// The gradient of a block.
    func values(of block: Int) -> UnsafeMutableBufferPointer<Float> {
        let range = store.blocks[block].range
        return UnsafeMutableBufferPointer(start: memory.base + range.lowerBound, count: range.count)
    }

    /// Begins a step that touches these blocks, with a gradient of zero.
    func begin(_ blocks: [Int]) {
        self.blocks = blocks
        for block in blocks { values(of: block).update(repeating: 0) }
    }

    /// Sets the gradient of pruned parameters to zero.
    func clear(_ mask: ParameterMask?) {
        guard let mask else { return }
        for block in blocks { mask.clear(memory.base, in: store.blocks[block].range) }
    }

    /// The norm over all touched blocks.
    var norm: GlobalNorm {
        var norm = GlobalNorm()
        for block in blocks {
            norm.add(
                memory.base + store.blocks[block].range.lowerBound, count: store.blocks[block].range.count)
        }
        return norm
    }
}
