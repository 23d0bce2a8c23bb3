import Adapters
import Combination
import Training

/// One step's inner products of the gradients of the tasks' summed losses, by part of the shared parameters.
///
/// Rows and columns are the study's tasks. For a task's own product two numbers are kept: the squared
/// norm ‖Σ m_k‖² of the sum of its micro-batches' gradients m_k, and the same less Σ ‖m_k‖², which leaves
/// the products of different micro-batches. The noise of those is independent, so with micro-batches of
/// c_k examples, N in all, the expectation of the second is (N² − Σ c_k²) ‖g‖², for the gradient g of the
/// expected loss. The noise of different tasks is independent anyway.
struct StepAgreement {
    /// The products on one part, row by row.
    struct Part {
        /// The inner products of two different tasks.
        fileprivate(set) var products: [Double]
        /// Row i, column j: ‖Σ m_k‖² of task i on the blocks that it shares with task j; on the diagonal,
        /// on all blocks.
        fileprivate(set) var norms: [Double]
        /// Likewise, without Σ ‖m_k‖².
        fileprivate(set) var ownProducts: [Double]
        /// Σ ‖m_k‖² of each task.
        fileprivate(set) var squares: [Double]
        /// Products times the learning rates of their blocks; on the diagonal, own products.
        fileprivate(set) var rated: [Double]

        fileprivate init(tasks: Int) {
            products = [Double](repeating: 0, count: tasks * tasks)
            (norms, ownProducts, rated) = (products, products, products)
            squares = [Double](repeating: 0, count: tasks)
        }
    }

    /// Each task's examples in the step, and the sum of the squares of its micro-batches' examples.
    let examples, squaredExamples: [Double]
    /// The mean loss of each task; 0 if it took no part.
    let losses: [Double]
    private(set) var parts: [Part]

    var tasks: Int { examples.count }

    /// Sums up a step's products, from gradients whose rows were measured, with the summed losses of each
    /// row's task and the learning rate of each kind.
    init(
        _ gradients: TaskGradients, losses sums: [Double], _ products: SharedProducts, of plan: StepPlan,
        _ shared: SharedParts, _ store: ParameterStore, tasks: Int, rate: (ParameterKind) -> Double
    ) {
        let zeros = [Double](repeating: 0, count: tasks)
        var (examples, squaredExamples, losses) = (zeros, zeros, zeros)
        for microBatch in plan.microBatches {
            let count = Double(microBatch.examples.count)
            examples[microBatch.task] += count
            squaredExamples[microBatch.task] += count * count
        }
        for (task, loss) in zip(gradients.rows.tasks, sums) { losses[task] = loss / examples[task] }
        (self.examples, self.squaredExamples, self.losses) = (examples, squaredExamples, losses)
        parts = shared.parts.map { _ in Part(tasks: tasks) }
        for (block, places) in zip(shared.blocks, shared.partsOfBlock) {
            guard let matrix = products[block] else { continue }
            let rows = gradients.parts(of: block).map(\.row)
            let present = rows.map { gradients.rows.tasks[$0] }
            let squares = rows.map { row in
                guard let square = gradients.squaredNorms[row][block] else {
                    preconditionFailure("a step whose agreement is measured has norms of each micro-batch")
                }
                return square
            }
            let rate = rate(store.blocks[block].slice.kind)
            for place in places {
                for (a, i) in present.enumerated() {
                    let own = matrix[a, a] - squares[a]
                    for j in store.blocks[block].tasks {
                        parts[place].norms[i * tasks + j] += matrix[a, a]
                        parts[place].ownProducts[i * tasks + j] += own
                    }
                    parts[place].squares[i] += squares[a]
                    parts[place].rated[i * tasks + i] += rate * own
                    for (b, j) in present.enumerated() where j != i {
                        parts[place].products[i * tasks + j] += matrix[a, b]
                        parts[place].rated[i * tasks + j] += rate * matrix[a, b]
                    }
                }
            }
        }
    }

    /// The pairs of examples of two tasks; of one task, those of different micro-batches.
    func pairs(_ i: Int, _ j: Int) -> Double {
        i == j ? examples[i] * examples[i] - squaredExamples[i] : examples[i] * examples[j]
    }

    /// The inner products of the gradients of the tasks' mean losses on a part: the matrix up to its
    /// diagonal, with nil where a task took no part.
    func gramian(part: Int) -> [[Double?]] {
        (0..<tasks).map { i in
            (0...i).map { j in
                let counts = examples[i] * examples[j]
                let products = i == j ? parts[part].norms : parts[part].products
                return counts > 0 ? products[i * tasks + j] / counts : nil
            }
        }
    }

    /// The cosine of two tasks' gradients on a part; nil unless both have one.
    func cosine(_ i: Int, _ j: Int, part: Int) -> Double? {
        let (left, right) = (parts[part].norms[i * tasks + j], parts[part].norms[j * tasks + i])
        if i == j || left <= 0 || right <= 0 { return nil }
        return parts[part].products[i * tasks + j] / (left.squareRoot() * right.squareRoot())
    }
}
