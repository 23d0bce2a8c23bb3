package import Adapters
import Diagnostics
package import Encoders
package import Kernels
package import Tasks

/// A frozen backbone with an adapter method and a head: logits, losses and gradients of one micro-batch.
///
/// Its functions are pure: their bits depend on weights, settings, parameters, examples, seed and step alone.
package struct AdaptedModel: Sendable {
    /// The frozen backbone.
    package let weights: EncoderWeights
    package let method: any AdapterMethod
    /// The method, bound to the backbone.
    package let bound: any BoundMethod
    package let head: HeadSettings
    /// The products of frozen maps in the encoder's layers.
    package let arithmetic: ProductArithmetic
    /// The prepacked frozen maps, if memory could be allocated.
    private var prepacked: PrepackedWeights?

    /// - Throws: a failure if the backbone lacks the head's pooler, or if the method trains a pooler that the
    ///   head does not read
    package init(
        _ weights: EncoderWeights, _ method: any AdapterMethod, _ head: HeadSettings,
        _ arithmetic: ProductArithmetic = .float32
    ) throws {
        if head.pooling == .pooler, weights.pooler == nil {
            throw Failure.usage(
                "is 'pooler', but the backbone has none", at: "head.pooling", remedy: "use 'cls' or 'mean'")
        }
        precondition(
            weights.arithmetic == arithmetic || weights.arithmetic == .float32,
            "weights in bfloat16 for products of floats")
        bound = try method.bind(to: weights)
        if head.pooling != .pooler, bound.slices(seed: 0).contains(where: { $0.tensor.site == .pooler }) {
            throw Failure.usage(
                "trains the pooler, which a head with pooling '\(head.pooling.rawValue)' never reads",
                at: "adapter.pooler", remedy: "set it to false, or set head.pooling to 'pooler'")
        }
        self.weights = weights
        self.method = method
        self.head = head
        self.arithmetic = arithmetic
    }

    /// A copy with prepacked frozen maps, if memory can be allocated; no bit depends on it.
    ///
    /// Every process that shares the memory must call it. Maps for backward are packed only `forTraining`.
    package func prepacked(in memory: any WeightMemory, forTraining: Bool) throws -> AdaptedModel {
        var copy = self
        copy.prepacked = try withZeroParameters(forTraining: forTraining) {
            try PrepackedWeights(weights, $0, arithmetic, in: memory)
        }
        return copy
    }

    /// Calls `body` with the method's hooks bound to zero parameters.
    ///
    /// Which sites are adapted, and down to where gradients are needed, does not depend on parameter values.
    private func withZeroParameters<Result>(
        forTraining: Bool, _ body: (any EncoderAdaptation) throws -> Result
    ) throws -> Result {
        let layout = ParameterLayout(bound.slices(seed: 0))
        let values = FloatBuffer(layout.count)
        // The parameters are views of the buffer.
        defer { withExtendedLifetime(values) {} }
        let parameters = BoundParameters(
            layout, values: values.base, gradient: forTraining ? values.base : nil)
        return try body(bound.hooks(parameters))
    }

    /// A copy that reads frozen maps packed before, as models of one backbone may share them.
    package func using(_ packed: PrepackedWeights?) -> AdaptedModel {
        var copy = self
        copy.prepacked = packed
        return copy
    }

    package var prepackedBytes: Int { prepacked?.byteCount ?? 0 }

    /// The encoder, with the dropout of a step.
    package func encoder(_ dropout: EncoderDropout = .none) -> Encoder {
        Encoder(weights, packed: prepacked, arithmetic, dropout: dropout)
    }

    /// The layout of one task's parameters: the method's slices, then the head's.
    package func layout(for output: TaskOutput, headOwner: String, seed: UInt64) -> ParameterLayout {
        ParameterLayout(
            bound.slices(seed: seed)
                + HeadSlice.slices(
                    for: output, width: weights.configuration.hidden, dense: head.dense, owner: headOwner,
                    seed: seed))
    }

    /// Dropout probabilities, with the seed and step that their masks are drawn from.
    package struct Randomness: Sendable {
        package let encoder: EncoderDropout
        /// The probability of dropping an element of the input of a head's linear map.
        package let head: Float

        /// The step for a method's own randomness and schedules; nil in evaluation.
        let training: HookContext.Training?

        /// No randomness, as in evaluation.
        package static let none = Randomness(encoder: .none, head: 0, training: nil)

        /// The randomness of the seed and step in `encoder`.
        package init(encoder: EncoderDropout, head: Float) {
            self.init(
                encoder: encoder, head: head,
                training: HookContext.Training(seed: encoder.seed, step: encoder.step))
        }

        private init(encoder: EncoderDropout, head: Float, training: HookContext.Training?) {
            self.encoder = encoder
            self.head = head
            self.training = training
        }
    }

    /// The parameters that have a gradient.
    package enum Stage: Sendable, Equatable {
        /// The head alone, on the frozen backbone without adapters.
        case head
        /// Adapters and norms, and the head if `trainHead`.
        case adapter(trainHead: Bool)
    }

    // MARK: Training

    /// Adds the gradient of a micro-batch's summed losses to that of the parameters, and returns the sum.
    ///
    /// It resets the workspace. The forward starts from the examples' tokens or from cached activations:
    /// without encoder dropout, at a cut point below the lowest adapted site; in the head stage, at the
    /// pooled vectors, so that the encoder does not run at all.
    package func lossAndGradient(
        _ examples: LabelledBatch, stage: Stage, _ parameters: BoundParameters, _ randomness: Randomness,
        _ workspace: Workspace
    ) -> Double {
        precondition(parameters.isTraining, "a gradient without memory")
        let forward = trainingForward(examples, stage: stage, parameters, randomness, workspace)
        let z = forward.head.logits
        let loss = Training.lossAndGradient(z, examples.targets) + penalty(forward, examples)

        let head = Head(self.head.dense, parameters)
        let isTrained = stage != .adapter(trainHead: false)
        guard let adaptation = forward.adaptation, let activations = forward.activations else {
            head.backward(z, forward.head, isTrained: isTrained, into: nil, workspace)
            return loss
        }
        let dp = workspace.matrix(z.rows, weights.configuration.hidden)
        head.backward(z, forward.head, isTrained: isTrained, into: dp, workspace)
        let rows = activations.encoder.batch
        let dh = workspace.matrix(rows.tokens, dp.columns)
        self.head.pooling.backward(
            dp, activations.pooling, rows, forward.encoder, adaptation, into: dh, workspace)
        forward.encoder.backward(dh, activations.encoder, examples.tokens, adaptation, workspace)
        return loss
    }

    /// The sum of a micro-batch's losses as in training, without a backward; parameters have no gradient.
    package func loss(
        _ examples: LabelledBatch, stage: Stage, _ parameters: BoundParameters, _ randomness: Randomness,
        _ workspace: Workspace
    ) -> Double {
        precondition(!parameters.isTraining, "activations would be saved")
        let forward = trainingForward(examples, stage: stage, parameters, randomness, workspace)
        return Training.lossAndGradient(forward.head.logits, examples.targets) + penalty(forward, examples)
    }

    /// A micro-batch's logits in training, and the activations that its backward reads.
    private struct TrainingForward {
        let encoder: Encoder
        let adapter: BoundParameters?
        let adaptation: (any EncoderAdaptation)?
        /// Nil if the forward started at pooled vectors.
        let activations: (encoder: Encoder.Activations, pooling: Pooling.Activations)?
        let head: Head.Activations
    }

    private func trainingForward(
        _ examples: LabelledBatch, stage: Stage, _ parameters: BoundParameters, _ randomness: Randomness,
        _ workspace: Workspace
    ) -> TrainingForward {
        workspace.reset()
        let encoder = encoder(randomness.encoder)
        let adapter = stage == .head ? nil : parameters
        let context = HookContext(task: examples.task, training: randomness.training)
        let adaptation = adapter.map { bound.hooks($0, context) }
        let p = workspace.matrix(examples.tokens.count, weights.configuration.hidden)
        var activations: (encoder: Encoder.Activations, pooling: Pooling.Activations)?
        if let start = examples.start, start.cutPoint.position == .pooled {
            start.fill(CutState(residual: p), workspace)
        } else {
            let forward = encoder.forward(
                examples.tokens, adaptation, start: examples.start, output: head.pooling.outputTokens,
                workspace)
            let pooling = timed(.head) {
                head.pooling.forward(forward.hidden, forward.batch, encoder, adaptation, into: p, workspace)
            }
            activations = (forward, pooling)
        }
        let forward = Head(head.dense, parameters)
            .forward(p, keys: examples.tokens.keys, randomness, workspace)
        return TrainingForward(
            encoder: encoder, adapter: adapter, adaptation: adaptation, activations: activations,
            head: forward)
    }

    /// The penalties of the method's parameters, and their gradient if there is one to add to.
    ///
    /// Once per example, so that the mean over a step's examples contains it once for any micro-batches.
    private func penalty(_ forward: TrainingForward, _ examples: LabelledBatch) -> Double {
        guard let parameters = forward.adapter else { return 0 }
        return method.members((any PenalizedMethod).self).reduce(0) {
            $0 + $1.penalty(parameters, times: Double(examples.tokens.count))
        }
    }

    // MARK: Prediction

    /// Logits [B, C] of a batch, row by row, without dropout; resets the workspace.
    ///
    /// Without `adapted`, the head reads the frozen backbone without adapters.
    package func logits(
        _ batch: PackedBatch, task: String? = nil, _ parameters: BoundParameters, adapted: Bool,
        start: (any CachedStart)? = nil, _ workspace: Workspace
    ) -> [Float] {
        workspace.reset()
        let adaptation = adapted ? bound.hooks(parameters, HookContext(task: task)) : nil
        let p = workspace.matrix(batch.count, weights.configuration.hidden)
        pool(batch, adaptation, start, into: p, workspace)
        return logits(pooled: p, parameters, workspace)
    }

    /// The head's logits [B, C] of pooled vectors [B, d], row by row, without dropout.
    package func logits(
        pooled p: some ReadableMatrix, _ parameters: BoundParameters, _ workspace: Workspace
    ) -> [Float] {
        let z = Head(head.dense, parameters).forward(p, keys: [], .none, workspace).logits
        return Array(UnsafeBufferPointer(start: z.base, count: z.count))
    }

    /// The pruning of the method's matrices before training; nil if the method does not prune.
    package var pruning: Pruning? { method.members((any PrunedMethod).self).first?.pruning }

    // MARK: Frozen activations

    /// The highest cut point of a layer below which the method changes nothing.
    package func highestCutPoint() throws -> CutPoint {
        try withZeroParameters(forTraining: false) {
            $0.highestCutPoint(layers: weights.configuration.layers)
        }
    }

    /// Computes a batch's frozen activations at a cut point, from its tokens or from a lower cut point.
    package func frozenActivations(
        at cut: CutPoint, _ batch: PackedBatch, start: (any CachedStart)? = nil, into state: CutState,
        _ workspace: Workspace
    ) {
        if cut.position == .pooled {
            let mark = workspace.mark
            pool(batch, nil, start, into: state.residual, workspace)
            workspace.release(to: mark)
        } else {
            encoder().activations(at: cut, batch, into: state, workspace)
        }
    }

    private func pool(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, _ start: (any CachedStart)?,
        into p: Matrix, _ workspace: Workspace
    ) {
        if let start, start.cutPoint.position == .pooled {
            start.fill(CutState(residual: p), workspace)
            return
        }
        let encoder = encoder()
        let forward = encoder.forward(
            batch, adaptation, start: start, output: head.pooling.outputTokens, workspace)
        _ = head.pooling.forward(forward.hidden, forward.batch, encoder, adaptation, into: p, workspace)
    }

    /// An estimate of the bytes of one micro-batch's activations while adapters are trained.
    package func activationBytes(sequences: [Int]) throws -> Int {
        let layers = weights.configuration.layers
        let lowest = try withZeroParameters(forTraining: true) { $0.lowestTrained?.layer ?? layers }
        return encoder().activationBytes(sequences: sequences, lowest: lowest)
    }
}
