import Training

/// Copies of some blocks of a state from before a step, with which the step can be undone.
struct SavedBlocks {
    private var blocks: [(index: Int, values: [Float], first: [Float], second: [Float], time: Int64)] = []

    init(_ indices: [Int], _ state: TrainingState, _ store: ParameterStore) {
        blocks = indices.map { index in
            let range = store.blocks[index].range
            return (
                index, Array(state.values[range]), Array(state.moments.first[range]),
                Array(state.moments.second[range]), state.stepCounts[index]
            )
        }
    }

    func restore(_ state: inout TrainingState, _ store: ParameterStore) {
        for block in blocks {
            let range = store.blocks[block.index].range
            state.values.replaceSubrange(range, with: block.values)
            state.moments.restore(range, first: block.first, second: block.second)
            state.stepCounts[block.index] = block.time
        }
    }
}
