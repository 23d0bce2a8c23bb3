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
    /// By block, the shares of tasks, if they were recorded.
    private var shares: [Int: [GradientShare]] = [:]
    /// One share at a time, in the layout of the flat vector.
    private lazy var shareMemory = FloatBuffer(store.count)
    private var mask: ParameterMask?

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
        (shares, mask) = ([:], nil)
        for block in blocks { values(of: block).update(repeating: 0) }
    }

    /// Sets a block's gradient to the sum of shares.
    func set(_ block: Int, _ shares: [GradientShare]) {
        record(shares, of: block)
        let target = values(of: block)
        target.update(repeating: 0)
        for share in shares {
            for i in target.indices { target[i] += share.values[i] * share.factor }
        }
    }

    /// Copies a block of another gradient.
    func copy(_ block: Int, from other: StepGradient) {
        values(of: block).baseAddress?.update(
            from: other.base + store.blocks[block].range.lowerBound, count: store.blocks[block].range.count)
    }

    /// Records the shares that add up to a block's gradient; their memory must stay valid.
    func record(_ shares: [GradientShare], of block: Int) { self.shares[block] = shares }

    /// Sets the gradient of pruned parameters to zero.
    func clear(_ mask: ParameterMask?) {
        self.mask = mask
        guard let mask else { return }
        for block in blocks { mask.clear(memory.base, in: store.blocks[block].range) }
    }

    /// Calls `body` with the number of each task that has a share of a block, and its share without pruned
    /// parameters, in the layout of the flat vector; it is undefined outside the block.
    func forEachShare(of block: Int, _ body: (_ task: Int, _ gradient: UnsafePointer<Float>) -> Void) {
        let range = store.blocks[block].range
        for share in shares[block] ?? [] {
            let target = shareMemory.base + range.lowerBound
            for i in 0..<range.count { target[i] = share.values[i] * share.factor }
            mask?.clear(shareMemory.base, in: range)
            body(share.task, UnsafePointer(shareMemory.base))
        }
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
