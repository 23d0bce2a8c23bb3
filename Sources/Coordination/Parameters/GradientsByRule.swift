import Adapters
import Combination
import Diagnostics
import Formats
import Kernels
import Runs
import Studies
import Tasks
import Training

/// Combines the gradients of the tasks by the weighting and the rule of the study.
///
/// In a step with n_t examples of task t, N in all, g_t is the gradient of the task's mean loss over its n_t
/// examples, as in the rules' sources. The weighting gives each task a weight p_t, and the rule sees the
/// gradients p_t g_t. A *part* is a set of blocks of one owner, so that the same tasks have gradients on all
/// of it: everything of that owner, or what is of one kind, layer or tensor. The rule makes weights w of the
/// inner products of the p_t g_t on a part, without pruned parameters, smoothing averages w over steps, and
/// the gradient there is Σ w_t p_t g_t. An `AveragingRule` combines the averages of its gradients instead.
///
/// The weighted sum is used
///
/// - on the blocks of a single task, and on parts of which a single task has a gradient in this step;
/// - on parts for which the rule finds no weights.
///
/// It is Σ p_t g_t with the rule `sum`, and Σ p_t (n_t/N) g_t with other rules: with standard weights, what
/// ``SumOfGradients`` gives.
///
/// Weights are as the sources define them, so rules differ in the length of their results: `pcgrad` adds T
/// gradients, `mgda` averages. AdamW ignores a constant factor, clipping does not.
///
/// Inner products are added in the order of blocks, in double precision.
final class GradientsByRule: GradientCombination {
    private let store: ParameterStore
    private let names: [String]
    private let settings: CombinationSettings
    private let seed: UInt64
    private let weighting: StepWeighting
    private let sum: StepGradient
    private let averages: GradientAverages?

    var readsTasks: Bool { true }

    init(_ store: ParameterStore, _ study: Study) {
        (self.store, names, settings, seed) = (store, study.tasks.map(\.name), study.combination, study.seed)
        weighting = StepWeighting(study)
        sum = StepGradient(store)
        averages = settings.rule is any AveragingRule ? GradientAverages(store.perTask) : nil
    }

    func combine(
        _ gradients: TaskGradients, _ products: SharedProducts, of plan: StepPlan,
        _ state: inout CombinationState, into gradient: StepGradient
    ) -> ComparedGradients? {
        SumOfGradients().combine(gradients, of: plan, into: sum)
        let tasks = weighting.tasks(gradients.rows.tasks, of: plan, &state)
        addWeighted(gradients, tasks, examples: plan.examples, into: gradient)
        let blocks = gradients.blocks.filter { gradients.parts(of: $0).count > 1 }
        // Averages begin where tasks meet.
        let averages = blocks.isEmpty ? nil : averages
        gradient.clear(state.mask)
        let norm = gradient.norm
        averages?.begin(state.memory.averageGradients)
        var compared: [(String, CombinationReport.Part)] = []
        var unsolved: [String] = []
        for part in ComparedPart.all(among: blocks, of: store, over: settings.over) {
            let parts = part.blocks.map { gradients.parts(of: $0) }
            let present = parts[0].map { tasks[$0.row] }
            var shares = parts.map { part in
                zip(part, present).map {
                    Share(task: $1.task, values: $0.values, weight: $1.weight, divisor: $1.examples)
                }
            }
            let gramian: SymmetricMatrix
            if let averages, let rule = settings.rule as? any AveragingRule {
                shares = averaged(shares, part, present, rule, averages, state)
                gramian = innerProducts(part, shares.map { $0.map(\.values) }, state.mask)
            } else {
                gramian = Self.gramian(of: present, products.sum(over: part.blocks))
            }
            let comparison = TaskComparison(
                gramian, orders: StepOrders(seed: seed, step: state.step, part: part.name))
            guard let found = factors(comparison, part, shares[0], &state.memory) else {
                unsolved.append(part.name)
                continue
            }
            for (block, shares) in zip(part.blocks, shares) {
                gradient.set(
                    block,
                    zip(shares, found).map { GradientShare(task: $0.task, values: $0.values, factor: $1) })
            }
            let used = zip(shares[0], found).map { (names[$0.task], Double($1) * $0.divisor) }
            let rows = present.indices.map { i in present.indices.map { gramian[i, $0] } }
            compared.append((part.name, CombinationReport.Part(weights: NamedValues(used), gramian: rows)))
        }
        if let averages { state.memory.averageGradients = averages.saved }
        let report = CombinationReport(
            parts: NamedValues(compared),
            lossWeights: NamedValues(tasks.map { (names[$0.task], $0.weight) }), unsolved: unsolved)
        return ComparedGradients(report: report, blocks: blocks, sum: sum, weightedNorm: norm)
    }

    /// A task's values on a block; its factor is the rule's weight × `weight` / `divisor`.
    private struct Share {
        let task: Int
        let values: UnsafePointer<Float>
        let weight: Double
        let divisor: Double
    }

    // MARK: Weighted sum

    /// Sets the gradient to the weighted sum on all blocks.
    private func addWeighted(
        _ gradients: TaskGradients, _ tasks: [WeightedTask], examples: Int, into gradient: StepGradient
    ) {
        let isSum = type(of: settings.rule) == type(of: CombinationTable.sum)
        gradient.begin(gradients.blocks)
        for block in gradients.blocks {
            let parts = gradients.parts(of: block)
            sum.record(
                parts.map {
                    GradientShare(
                        task: tasks[$0.row].task, values: $0.values, factor: 1 / Float(examples))
                }, of: block)
            let shares = parts.map { part in
                let task = tasks[part.row]
                return GradientShare(
                    task: task.task, values: part.values,
                    factor: Float(task.weight / (isSum ? task.examples : Double(examples))))
            }
            if settings.hasStandardWeights {
                gradient.copy(block, from: sum)
                gradient.record(shares, of: block)
            } else {
                gradient.set(block, shares)
            }
        }
    }

    // MARK: Rule

    /// The inner products of the tasks' weighted gradients of mean losses, from those of summed losses.
    private static func gramian(of tasks: [WeightedTask], _ products: SymmetricMatrix) -> SymmetricMatrix {
        var gramian = products
        for (i, a) in tasks.enumerated() {
            for (j, b) in tasks[...i].enumerated() {
                gramian[i, j] /= a.examples * b.examples
                gramian[i, j] *= a.weight * b.weight
            }
        }
        return gramian
    }

    /// The inner products of the tasks' averages on a part: for each block of the part, one of each task.
    private func innerProducts(
        _ part: ComparedPart, _ vectors: [[UnsafePointer<Float>]], _ mask: ParameterMask?
    ) -> SymmetricMatrix {
        let tasks = vectors[0].indices
        var gramian = SymmetricMatrix(zeros: tasks.count)
        for (block, vectors) in zip(part.blocks, vectors) {
            let range = store.blocks[block].range
            for i in tasks {
                for j in 0...i { gramian[i, j] += innerProduct(vectors[i], vectors[j], range, mask) }
            }
        }
        return gramian
    }

    /// Moves the averages of a part to the gradients of this step, and returns them in their place.
    private func averaged(
        _ shares: [[Share]], _ part: ComparedPart, _ tasks: [WeightedTask], _ rule: any AveragingRule,
        _ averages: GradientAverages, _ state: CombinationState
    ) -> [[Share]] {
        let kept = Float(rule.kept(step: state.stageStep + 1))
        let factors = tasks.map { Float($0.weight * rule.factor(loss: $0.loss) / $0.examples) }
        return zip(part.blocks, shares).map { block, shares in
            zip(shares, factors).map { share, factor in
                let task = share.task
                return Share(
                    task: task,
                    values: averages.update(block, of: task, share.values, times: factor, kept: kept),
                    weight: 1, divisor: 1)
            }
        }
    }

    /// The factor of each task's numbers on a part, or nil if the rule finds none; updates the memory.
    private func factors(
        _ comparison: TaskComparison, _ part: ComparedPart, _ shares: [Share],
        _ memory: inout CombinationMemory
    ) -> [Float]? {
        let tasks = shares.map(\.task)
        guard var weights = weigh(comparison, tasks, &memory.pairs[part.name]),
            weights.allSatisfy(\.isFinite)
        else { return nil }
        if settings.smoothing.share > 0 {
            var all = memory.averageWeights[part.name] ?? names.map { _ in nil }
            weights = settings.smoothing.average(weights, after: tasks.map { all[$0] })
            for (task, weight) in zip(tasks, weights) { all[task] = weight }
            memory.averageWeights[part.name] = all
        }
        let factors = zip(weights, shares).map { Float($0 * $1.weight / $1.divisor) }
        return factors.allSatisfy(\.isFinite) ? factors : nil
    }

    /// The rule's weights of these tasks; updates their pairs in the memory of a part.
    private func weigh(
        _ comparison: TaskComparison, _ tasks: [Int], _ memory: inout [[Double]]?
    ) -> [Double]? {
        guard let rule = settings.rule as? any RememberingRule else {
            return settings.rule.weights(comparison)
        }
        let zeros = [Double](repeating: 0, count: names.count)
        var all = memory ?? [[Double]](repeating: zeros, count: names.count)
        var pairs = tasks.map { i in tasks.map { all[i][$0] } }
        let weights = rule.weights(comparison, memory: &pairs)
        for (i, row) in zip(tasks, pairs) { for (j, value) in zip(tasks, row) { all[i][j] = value } }
        memory = all
        return weights
    }

    /// Orders that depend on the step and the part, and not on ranks or on the steps of this start.
    private struct StepOrders: TaskOrders {
        let seed: UInt64
        let step: Int
        let part: String

        func order(of count: Int, for task: Int) -> [Int] {
            CounterRandom(seed: seed, .combination, UInt64(step), FNV1a.hash(part), UInt64(task))
                .permutation(count).map { Int($0) }
        }
    }
}
