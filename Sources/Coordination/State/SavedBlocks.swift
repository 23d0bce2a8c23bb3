import Training

/// Copies of some blocks of a state from before a step, with which the step can be undone.
struct SavedBlocks {
    private struct Block {
        let index: Int
        let values, first, second: [Float]
        let time: Int64
    }

    private let blocks: [Block]

    private let perTask: PerTaskMoments?

    init(_ indices: [Int], _ state: TrainingState, _ store: ParameterStore) {
        perTask = state.perTask
        blocks = indices.map { index in
            let range = store.blocks[index].range
            return Block(
                index: index, values: Array(state.values[range]), first: Array(state.moments.first[range]),
                second: Array(state.moments.second[range]), time: state.stepCounts[index])
        }
    }

    func restore(_ state: inout TrainingState, _ store: ParameterStore) {
        state.perTask = perTask
        for block in blocks {
            let range = store.blocks[block.index].range
            state.values.replaceSubrange(range, with: block.values)
            state.moments.restore(range, first: block.first, second: block.second)
            state.stepCounts[block.index] = block.time
        }
    }
}
