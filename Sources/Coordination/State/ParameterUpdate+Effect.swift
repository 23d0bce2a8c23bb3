import Runs
import Studies
import Training

extension ParameterUpdate {
    /// Compares a gradient and its update with those of the sum, before the update is taken.
    func effect(
        of gradient: StepGradient, _ compared: ComparedGradients, _ state: TrainingState
    ) -> CombinationEffect {
        let blocks = Set(compared.blocks)
        let clip = context.study.optimizer.clip
        let scales = (own: gradient.norm.scale(limit: clip), sum: compared.sum.norm.scale(limit: clip))
        var (gradients, updates) = (Products(), Products())
        for step in steps where blocks.contains(step.block) {
            let start = step.range.lowerBound
            gradients.add(gradient.base + start, compared.sum.base + start, step.range)
            let own = update(of: gradient, scales.own, step, state)
            let sum = update(of: compared.sum, scales.sum, step, state)
            updates.add(own, sum, step.range)
        }
        return CombinationEffect(gradient: gradients.change, update: updates.change)
    }

    /// The update that a gradient leads to on a block.
    private func update(
        of gradient: StepGradient, _ scale: Float, _ step: BlockStep, _ state: TrainingState
    ) -> [Float] {
        let settings = context.study.optimizer
        var update = [Float](repeating: 0, count: step.range.count)
        update.withUnsafeMutableBufferPointer { update in
            guard let target = update.baseAddress else { return }
            guard step.isPerTask else {
                state.moments.add(
                    to: target, gradient: gradient.base, scale: scale, step.range,
                    momentsAt: step.range.lowerBound, time: step.time, learningRate: step.rate, settings)
                return
            }
            let perTask = state.perTask ?? PerTaskMoments(context.store, tasks: context.names.count)
            gradient.forEachShare(of: step.block) { task, share in
                guard let place = context.store.perTask.range(step.block, of: task) else { return }
                perTask.moments.add(
                    to: target, gradient: share, scale: scale, step.range, momentsAt: place.lowerBound,
                    time: Int(perTask.steps[task]) + 1, learningRate: step.rate, settings)
            }
        }
        return update
    }

    /// The inner products of two vectors with themselves and with each other, added over blocks.
    private struct Products {
        private var square = 0.0
        private var ofSum = 0.0
        private var product = 0.0

        mutating func add(_ own: UnsafePointer<Float>, _ sum: UnsafePointer<Float>, _ range: Range<Int>) {
            square += innerProduct(own, own, range, nil)
            ofSum += innerProduct(sum, sum, range, nil)
            product += innerProduct(own, sum, range, nil)
        }

        var change: CombinationEffect.Change {
            CombinationEffect.Change(square: square, ofSum: ofSum, product: product)
        }
    }
}
