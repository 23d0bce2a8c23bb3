/// Sums over steps from which the agreement of tasks is reported: a part of the training state.
///
/// For tasks i and j, the mean product of the gradients of pairs of examples, one of each task, is
/// X_ij = Σ S_i·S_j / Σ n_i n_j over steps, with the gradient S of a step's n examples. Within a task only
/// pairs of different micro-batches count (see ``StepAgreement``), so that X_ii, too, is free of noise. All
/// numbers are ratios of such sums, never means of ratios of noisy numbers, but for the plain cosine.
struct AgreementSums: Equatable, Sendable {
    /// A matrix of sums over all steps.
    private enum Count: Int, CaseIterable {
        /// Steps in which two tasks took part; on the diagonal, a task.
        case steps
        /// Pairs of examples of two tasks; on the diagonal, of different micro-batches of a task.
        case pairs
    }

    /// A matrix of sums on one part.
    private enum Sum: Int, CaseIterable {
        /// Products of two tasks' gradients.
        case products
        /// Row i, column j: products of task i's micro-batches on the blocks that it shares with task j.
        case ownProducts
        case cosines
        /// The learning rate times the product of mean gradients over the mean loss of the column's task.
        case affinities
        /// The number of steps in the two sums above.
        case measured
    }

    let tasks: Int
    /// All sums: two rows of examples by task follow the counts, and Σ ‖m_k‖² a part's matrices.
    private(set) var values: [Double]

    /// The number of sums for so many tasks and parts.
    static func count(tasks: Int, parts: Int) -> Int {
        tasks * (Count.allCases.count * tasks + 2) + parts * tasks * (Sum.allCases.count * tasks + 1)
    }

    init(tasks: Int, parts: Int) {
        self.tasks = tasks
        values = [Double](repeating: 0, count: Self.count(tasks: tasks, parts: parts))
    }

    /// Restores sums; their number must be that of the tasks and parts.
    init(tasks: Int, values: [Double]) { (self.tasks, self.values) = (tasks, values) }

    /// Whether all sums are finite, and counts between 0 and 2^53, beyond any run.
    var arePossible: Bool {
        let parts = (values.count - start(of: 0)) / (start(of: 1) - start(of: 0))
        let measured = (0..<parts).flatMap { part in
            (0..<tasks * tasks).map { values[place(.measured, 0, $0, part)] }
        }
        let counts = values[..<start(of: 0)] + measured
        return values.allSatisfy(\.isFinite) && counts.allSatisfy { (0...0x1p53).contains($0) }
    }

    static func + (a: AgreementSums, b: AgreementSums) -> AgreementSums {
        AgreementSums(tasks: a.tasks, values: zip(a.values, b.values).map { $0 + $1 })
    }

    mutating func add(_ step: StepAgreement) {
        for i in 0..<tasks where step.examples[i] > 0 {
            values[place(0, i)] += step.examples[i]
            values[place(1, i)] += step.squaredExamples[i]
            for j in 0..<tasks where step.examples[j] > 0 {
                values[place(.steps, i, j)] += 1
                values[place(.pairs, i, j)] += step.pairs(i, j)
            }
        }
        for (part, own) in step.parts.enumerated() {
            for i in 0..<tasks {
                values[place(squaresOf: i, part)] += own.squares[i]
                for j in 0..<tasks {
                    values[place(.products, i, j, part)] += own.products[i * tasks + j]
                    values[place(.ownProducts, i, j, part)] += own.ownProducts[i * tasks + j]
                    let (pairs, cosine) = (step.pairs(i, j), step.cosine(i, j, part: part))
                    guard pairs > 0, step.losses[j] > 0, cosine != nil || i == j else { continue }
                    values[place(.cosines, i, j, part)] += cosine ?? 0
                    values[place(.affinities, i, j, part)] +=
                        own.rated[i * tasks + j] / pairs / step.losses[j]
                    values[place(.measured, i, j, part)] += 1
                }
            }
        }
    }

    // MARK: Estimates

    /// The steps that two tasks took part in together; for equal ones, those of a task.
    func steps(_ i: Int, _ j: Int) -> Int { Int(values[place(.steps, i, j)]) }

    /// The mean over steps; nil if no step measured it.
    func cosine(_ i: Int, _ j: Int, part: Int) -> Double? { i == j ? nil : mean(.cosines, i, j, part) }

    /// The mean over steps of the share of task j's loss that a step on task i takes off, to first order.
    func affinity(_ i: Int, _ j: Int, part: Int) -> Double? { mean(.affinities, i, j, part) }

    /// X_ij / √(X_ii X_jj), each over the blocks that both share; nil unless X_ii, X_jj > 0.
    func correctedCosine(_ i: Int, _ j: Int, part: Int) -> Double? {
        let pairs = values[place(.pairs, i, j)]
        guard i != j, pairs > 0, let left = squaredNorm(i, with: j, part),
            let right = squaredNorm(j, with: i, part)
        else { return nil }
        return values[place(.products, i, j, part)] / pairs / (left.squareRoot() * right.squareRoot())
    }

    /// The examples at which the noise of a task's gradient is as large as the gradient: tr Σ / ‖g‖², with
    /// the covariance Σ of one example's gradient (McCandlish et al., 2018); nil unless both are positive.
    ///
    /// A micro-batch's squared norm has the expectation c² ‖g‖² + c tr Σ.
    func noiseScale(_ task: Int, part: Int) -> Double? {
        guard let square = squaredNorm(task, with: task, part) else { return nil }
        let noise = values[place(squaresOf: task, part)] - values[place(1, task)] * square
        let examples = values[place(0, task)]
        return noise > 0 && examples > 0 ? noise / examples / square : nil
    }

    /// X_ii on the blocks that task i shares with task j; nil unless it is positive.
    private func squaredNorm(_ i: Int, with j: Int, _ part: Int) -> Double? {
        let pairs = values[place(.pairs, i, i)]
        let products = values[place(.ownProducts, i, j, part)]
        return pairs > 0 && products > 0 ? products / pairs : nil
    }

    private func mean(_ sum: Sum, _ i: Int, _ j: Int, _ part: Int) -> Double? {
        let measured = values[place(.measured, i, j, part)]
        return measured > 0 ? values[place(sum, i, j, part)] / measured : nil
    }

    // MARK: Places

    private func place(_ count: Count, _ i: Int, _ j: Int) -> Int { (count.rawValue * tasks + i) * tasks + j }

    /// The place of a task's examples (0) or of its squared examples (1).
    private func place(_ examples: Int, _ task: Int) -> Int {
        (Count.allCases.count * tasks + examples) * tasks + task
    }

    private func start(of part: Int) -> Int { Self.count(tasks: tasks, parts: part) }

    private func place(_ sum: Sum, _ i: Int, _ j: Int, _ part: Int) -> Int {
        start(of: part) + (sum.rawValue * tasks + i) * tasks + j
    }

    private func place(squaresOf task: Int, _ part: Int) -> Int {
        start(of: part) + Sum.allCases.count * tasks * tasks + task
    }
}
