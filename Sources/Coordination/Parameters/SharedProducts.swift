import Combination
import Training

/// The inner products of the gradients of the tasks' summed losses on each block that several tasks share.
///
/// They are added in the order of parameters, in double precision, without pruned parameters.
struct SharedProducts {
    /// By block; rows and columns are those of `TaskGradients.parts(of:)`.
    private let products: [Int: SymmetricMatrix]

    /// For steps in which tasks are not compared.
    static let none = SharedProducts(products: [:])

    private init(products: [Int: SymmetricMatrix]) { self.products = products }

    /// The rows must not have been summed.
    init(_ gradients: TaskGradients, _ store: ParameterStore, _ mask: ParameterMask?) {
        var products: [Int: SymmetricMatrix] = [:]
        for block in gradients.blocks where store.blocks[block].tasks.count > 1 {
            let (parts, range) = (gradients.parts(of: block), store.blocks[block].range)
            var matrix = SymmetricMatrix(zeros: parts.count)
            for i in parts.indices {
                for j in 0...i { matrix[i, j] = innerProduct(parts[i].values, parts[j].values, range, mask) }
            }
            products[block] = matrix
        }
        self.products = products
    }

    /// The products on a block; nil unless several tasks share it.
    subscript(block: Int) -> SymmetricMatrix? { products[block] }

    /// The products on shared blocks of which the same tasks have a gradient, added in their order.
    func sum(over blocks: [Int]) -> SymmetricMatrix {
        let matrices = blocks.compactMap { products[$0] }
        var total = SymmetricMatrix(zeros: matrices[0].size)
        for matrix in matrices {
            for i in 0..<total.size { for j in 0...i { total[i, j] += matrix[i, j] } }
        }
        return total
    }

    /// The inner products of the gradients of the tasks' mean losses, over all blocks on which several tasks
    /// have a gradient.
    ///
    /// Rows and columns are the study's tasks, nil where a task took no part; nil if no block has several.
    func gramian(_ gradients: TaskGradients, of plan: StepPlan, tasks count: Int) -> [[Double?]]? {
        let examples = (0..<count).map { Double(plan.examples(of: $0)) }
        var total = SymmetricMatrix(zeros: count)
        var isCompared = false
        for block in gradients.blocks {
            guard let matrix = products[block], matrix.size > 1 else { continue }
            isCompared = true
            let tasks = gradients.parts(of: block).map { gradients.rows.tasks[$0.row] }
            for (i, task) in tasks.enumerated() {
                for j in 0...i {
                    total[task, tasks[j]] += matrix[i, j] / (examples[task] * examples[tasks[j]])
                }
            }
        }
        if !isCompared { return nil }
        return examples.indices.map { i in
            examples.indices.map { j in examples[i] > 0 && examples[j] > 0 ? total[i, j] : nil }
        }
    }
}
