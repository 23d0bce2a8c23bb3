import Adapters
import Studies

/// Blocks of one owner within which the gradients of tasks are compared.
struct ComparedPart: Equatable {
    /// The owner, followed by a kind, a layer or a tensor unless all of the owner's blocks are compared.
    let name: String
    private(set) var blocks: [Int]

    /// The parts of some blocks, in the order of their first blocks.
    static func all(
        among blocks: some Sequence<Int>, of store: ParameterStore,
        over parameters: CombinationSettings.ComparedParameters
    ) -> [ComparedPart] {
        var parts: [ComparedPart] = []
        var known: [String: Int] = [:]
        for block in blocks {
            let name = name(of: store.blocks[block], over: parameters)
            if let part = known[name] {
                parts[part].blocks.append(block)
            } else {
                known[name] = parts.count
                parts.append(ComparedPart(name: name, blocks: [block]))
            }
        }
        return parts
    }

    private static func name(
        of block: ParameterBlock, over parameters: CombinationSettings.ComparedParameters
    ) -> String {
        switch parameters {
        case .all: block.owner
        case .kind: "\(block.owner)/\(block.slice.kind.rawValue)"
        case .layer: "\(block.owner)/\(block.slice.layer.map { "layer.\($0)" } ?? "none")"
        case .tensor: "\(block.owner)/\(block.slice.name)"
        }
    }
}
