import Adapters
import Combination
import Diagnostics
import Formats
import Kernels
import Runs
import Studies
import Tasks
import Training

/// Combines the gradients on shared parameters by the rule of the study.
///
/// In a step with n_t examples of task t, N in all, g_t is the gradient of the task's mean loss over its n_t
/// examples, as in the rules' sources. A *part* is a set of blocks of one owner, so that the same tasks have
/// gradients on all of it: everything of that owner, or what is of one kind, layer or tensor. The rule makes
/// weights w of the inner products of the g_t on a part, without pruned parameters, and the gradient there is
/// Σ w_t g_t. With w_t = n_t/N this is what ``SumOfGradients`` gives, which stands
///
/// - on the blocks of a single task, and on parts of which a single task has a gradient in this step;
/// - on parts for which the rule finds no weights.
///
/// Weights are as the sources define them, so rules differ in the length of their results: `pcgrad` adds T
/// gradients, `mgda` averages. AdamW ignores a constant factor, clipping does not.
///
/// Inner products are added in the order of blocks and parameters, in double precision.
struct GradientsByRule: GradientCombination {
    private let store: ParameterStore
    private let names: [String]
    private let settings: CombinationSettings
    private let seed: UInt64

    var readsTasks: Bool { true }

    init(_ store: ParameterStore, _ study: Study) {
        (self.store, names, settings, seed) = (store, study.tasks.map(\.name), study.combination, study.seed)
    }

    func combine(
        _ gradients: TaskGradients, of plan: StepPlan, _ state: inout CombinationState,
        into gradient: StepGradient
    ) -> CombinationReport? {
        SumOfGradients().combine(gradients, of: plan, into: gradient)
        let parts = parts(gradients)
        if parts.isEmpty { return nil }
        let tasks = gradients.rows.tasks
        let examples = tasks.map { task in
            Double(plan.microBatches.reduce(0) { $0 + ($1.task == task ? $1.examples.count : 0) })
        }
        var total = SymmetricMatrix(zeros: names.count)
        var weights: [(String, NamedValues<Double>)] = []
        var unsolved: [String] = []
        for part in parts {
            let rows = gradients.parts(of: part.blocks[0]).map(\.row)
            let gramian = gramian(part, gradients, examples: rows.map { examples[$0] }, state.mask)
            for i in rows.indices {
                for j in 0...i { total[tasks[rows[i]], tasks[rows[j]]] += gramian[i, j] }
            }
            let comparison = TaskComparison(
                gramian, shares: rows.map { examples[$0] / Double(plan.examples) },
                orders: StepOrders(seed: seed, step: state.step, part: part.name))
            let own = rows.map { tasks[$0] }
            let factors = weigh(comparison, own, &state.memory[part.name]).map { found in
                zip(found, rows).map { Float($0 / examples[$1]) }
            }
            guard let found = factors, found.allSatisfy(\.isFinite) else {
                unsolved.append(part.name)
                continue
            }
            for block in part.blocks {
                let target = gradient.values(of: block)
                target.update(repeating: 0)
                for (share, factor) in zip(gradients.parts(of: block), found) {
                    for i in target.indices { target[i] += share.values[i] * factor }
                }
            }
            let used = zip(found, rows).map { (names[tasks[$1]], Double($0) * examples[$1]) }
            weights.append((part.name, NamedValues(used)))
        }
        return CombinationReport(
            gramian: names.indices.map { i in
                names.indices.map { tasks.contains(i) && tasks.contains($0) ? total[i, $0] : nil }
            }, weights: NamedValues(weights), unsolved: unsolved)
    }

    /// The inner products of the gradients of the tasks' mean losses on a part.
    private func gramian(
        _ part: Part, _ gradients: TaskGradients, examples: [Double], _ mask: ParameterMask?
    ) -> SymmetricMatrix {
        var gramian = SymmetricMatrix(zeros: examples.count)
        for block in part.blocks {
            let (shares, range) = (gradients.parts(of: block), store.blocks[block].range)
            for i in examples.indices {
                for j in 0...i {
                    gramian[i, j] += innerProduct(shares[i].values, shares[j].values, range, mask)
                }
            }
        }
        for i in examples.indices { for j in 0...i { gramian[i, j] /= examples[i] * examples[j] } }
        return gramian
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
        var own = tasks.map { i in tasks.map { all[i][$0] } }
        let weights = rule.weights(comparison, memory: &own)
        for (i, row) in zip(tasks, own) { for (j, value) in zip(tasks, row) { all[i][j] = value } }
        memory = all
        return weights
    }

    private struct Part {
        let name: String
        var blocks: [Int]
    }

    /// The step's parts with several tasks, in the order of their first blocks.
    private func parts(_ gradients: TaskGradients) -> [Part] {
        var parts: [Part] = []
        var known: [String: Int] = [:]
        for block in gradients.blocks where gradients.parts(of: block).count > 1 {
            let name = partName(of: store.blocks[block])
            if let part = known[name] {
                parts[part].blocks.append(block)
            } else {
                known[name] = parts.count
                parts.append(Part(name: name, blocks: [block]))
            }
        }
        return parts
    }

    private func partName(of block: ParameterBlock) -> String {
        switch settings.over {
        case .all: block.owner
        case .kind: "\(block.owner)/\(block.slice.kind.rawValue)"
        case .layer: "\(block.owner)/\(block.slice.layer.map { "layer.\($0)" } ?? "none")"
        case .tensor: "\(block.owner)/\(block.slice.name)"
        }
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
