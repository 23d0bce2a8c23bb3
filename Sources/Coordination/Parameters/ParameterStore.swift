package import Adapters
import Diagnostics
import Encoders
package import Studies
package import Tasks
package import Training

/// The sharing topology of a study: all parameters as one flat vector of blocks, and the blocks of each task.
///
/// A task sees a vector in its own layout. Tasks that share a tensor have the same block in their vectors.
package struct ParameterStore: Sendable {
    /// The blocks in the order of the flat vector.
    package let blocks: [ParameterBlock]
    /// Each task's layout.
    package let layouts: [ParameterLayout]
    /// By task, the block of each slice of its layout.
    package let blockOfSlice: [[Int]]
    /// The length of the flat vector.
    package let count: Int
    /// Where vectors with numbers of each task for shared blocks have them.
    let perTask: PerTaskLayout
    /// The adapters to prune before training; empty if the method does not prune.
    let prunedAdapters: [PrunedAdapter]

    /// Assigns the tasks' parameters to owners by the study's sharing rules.
    package init(_ study: Study, _ tasks: [any LanguageTask], _ model: AdaptedModel) throws {
        let layers = model.weights.configuration.layers
        let headSlice = ParameterSlice(TensorName(TensorName.head, "weight"), .head, [0], .values([]))
        layouts = try tasks.map { task in
            let owner = try study.sharing.owner(of: headSlice, task: task.name, layers: layers)
            return model.layout(for: task.output, headOwner: owner, seed: study.seed)
        }
        var blocks: [ParameterBlock] = []
        var known: [String: Int] = [:]
        var blockOfSlice: [[Int]] = []
        var end = 0
        for (index, task) in tasks.enumerated() {
            blockOfSlice.append(
                try layouts[index].slices.map { slice in
                    let owner = try study.sharing.owner(of: slice, task: task.name, layers: layers)
                    if let block = known["\(owner)/\(slice.name)"] {
                        let first = blocks[block]
                        try Self.check(tasks[first.tasks[0]], task, share: slice)
                        blocks[block] = ParameterBlock(
                            owner: owner, slice: first.slice, range: first.range, tasks: first.tasks + [index]
                        )
                        return block
                    }
                    known["\(owner)/\(slice.name)"] = blocks.count
                    blocks.append(
                        ParameterBlock(
                            owner: owner, slice: slice, range: end..<end + slice.count, tasks: [index]))
                    end += slice.count
                    return blocks.count - 1
                })
        }
        self.blocks = blocks
        self.blockOfSlice = blockOfSlice
        count = end
        perTask = PerTaskLayout(blocks, tasks: tasks.count)
        prunedAdapters = model.pruning == nil ? [] : PrunedAdapter.all(among: blocks)
    }

    private static func check(
        _ first: any LanguageTask, _ second: any LanguageTask, share slice: ParameterSlice
    ) throws {
        if slice.kind == .head, first.output != second.output {
            throw Failure.usage(
                "\(first.name) and \(second.name) cannot share a head: their classes or ranges differ",
                at: "sharing.head", remedy: "use private, or groups of tasks with the same classes")
        }
    }

    /// The flat vector before the first update.
    package var initial: [Float] { blocks.flatMap(\.slice.initial) }

    /// The number of adapter and norm parameters of all tasks, without heads; shared ones count once.
    package var adapterCount: Int {
        blocks.filter { $0.slice.kind != .head }.reduce(0) { $0 + $1.slice.count }
    }

    /// A task's vector, in its own layout.
    package func values(of task: Int, in flat: [Float]) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(layouts[task].count)
        for block in blockOfSlice[task] { values += flat[blocks[block].range] }
        return values
    }

    /// Copies the included blocks of a task's vector into the flat vector.
    package func put(
        _ values: [Float], of task: Int, into flat: inout [Float], where included: (ParameterBlock) -> Bool
    ) {
        for (block, range) in zip(blockOfSlice[task], layouts[task].ranges) where included(blocks[block]) {
            flat.replaceSubrange(blocks[block].range, with: values[range])
        }
    }

    /// The owner and the tasks of each block.
    func topology(_ names: [String]) -> [BlockOwner] { blocks.map { BlockOwner($0, names) } }
}
