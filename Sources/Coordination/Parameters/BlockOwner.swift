import Adapters

/// A tensor's owner and the tasks that use it, as stored in checkpoints and adapter configurations.
package struct BlockOwner: Codable, Sendable, Equatable {
    package let name, owner: String
    let tasks: [String]

    init(_ block: ParameterBlock, _ names: [String]) {
        name = block.slice.name
        owner = block.owner
        tasks = block.tasks.map { names[$0] }
    }
}
