package import Adapters
import Diagnostics
package import Encoders
package import Kernels
package import Tasks

/// A frozen backbone with an adapter method and a head: what is computed for one unit of work.
///
/// All of its functions are pure: their bits are a function of (weights, settings, parameters, examples, seed, step),
/// never of who calls them or of what was computed before.
package struct AdaptedEncoder: Sendable {
    /// The frozen backbone.
    package let weights: EncoderWeights
    /// What is trained inside it.
    package let method: any AdapterMethod
    /// The method on the backbone.
    package let bound: any BoundMethod
    /// What is trained on top.
    package let head: HeadSettings
    /// The packed frozen maps, if memory has room for them.
    private var prepacked: PrepackedWeights?

    /// Joins the parts; a pooling that the backbone has no weights for is a failure, and so is
    /// a pooler that is trained but not read.
    package init(_ weights: EncoderWeights, _ method: any AdapterMethod, _ head: HeadSettings) throws {
        if head.pooling == .pooler, weights.pooler == nil {
            throw Failure.usage(
                "asks for 'pooler', the backbone has none", at: "head.pooling", remedy: "use 'cls' or 'mean'")
        }
        bound = try method.bind(to: weights)
        if head.pooling != .pooler, bound.slices(seed: 0).contains(where: { $0.tensor.site == .pooler }) {
            throw Failure.usage(
                "trains the pooler, which a head with pooling '\(head.pooling.rawValue)' never reads",
                at: "adapter.pooler", remedy: "set it to false, or set head.pooling to 'pooler'")
        }
        self.weights = weights
        self.method = method
        self.head = head
    }

    /// A copy with prepacked frozen maps, if memory has room for them.
    ///
    /// No bit depends on that.
    ///
    /// Every process that shares the memory must call it. Maps for backward are packed only `forLearning`.
    package func prepacked(in memory: any WeightMemory, forLearning: Bool) throws -> AdaptedEncoder {
        var copy = self
        copy.prepacked = try withUntrained(forLearning: forLearning) {
            try PrepackedWeights(weights, $0, in: memory)
        }
        return copy
    }

    /// Calls a function with what the method does to the encoder, all parameters being 0: where it acts, and down to where it
    /// learns, doesn't depend on what it has learned.
    private func withUntrained<Result>(
        forLearning: Bool, _ body: (any EncoderAdaptation) throws -> Result
    ) throws -> Result {
        let layout = ParameterLayout(bound.slices(seed: 0))
        let values = FloatBuffer(layout.count)
        // The parameters are views of it.
        defer { withExtendedLifetime(values) {} }
        let parameters = BoundParameters(
            layout, values: values.base, gradient: forLearning ? values.base : nil)
        return try body(bound.hooks(parameters))
    }

    /// Bytes of the prepacked maps.
    package var prepackedBytes: Int { prepacked?.byteCount ?? 0 }

    /// The encoder, with the dropout of a step.
    package func encoder(_ dropout: EncoderDropout = .none) -> Encoder {
        Encoder(weights, packed: prepacked, dropout: dropout)
    }

    /// The layout of one task's parameters: the method's slices, then the head's.
    package func layout(for output: TaskOutput, headOwner: String, seed: UInt64) -> ParameterLayout {
        ParameterLayout(
            bound.slices(seed: seed)
                + HeadSlice.slices(
                    for: output, width: weights.configuration.hidden, owner: headOwner, seed: seed))
    }

    /// How random a step is: dropout probabilities and what their masks are drawn from.
    package struct Randomness: Sendable {
        /// Dropout in the frozen part.
        package let encoder: EncoderDropout
        /// The probability of dropping an element of the pooled vector.
        package let head: Float

        /// The step for a method's own randomness and schedules; nil where there is none.
        let training: HookContext.Training?

        /// No randomness anywhere, as in evaluation.
        package static let none = Randomness(encoder: .none, head: 0, training: nil)

        /// The randomness of the step that the encoder's dropout names.
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

    /// What a unit trains.
    package enum Stage: Sendable, Equatable {
        /// The head alone, on the frozen backbone without adapters.
        case head
        /// Adapters and norms, and the head where told so.
        case adapter(trainHead: Bool)
    }

    // MARK: Learning

    /// One unit of work: adds the gradient of the summed losses to `gradient`, and returns that sum.
    ///
    /// All memory of the workspace is given back first: what is given here lies elsewhere.
    ///
    /// In the head stage, `pooled` [B, d] may hold the sequences' pooled vectors, and the encoder is then not run. In the
    /// adapter stage without dropout, what is frozen below may be given. The task's name is passed to the method's hooks.
    package func learn(
        _ batch: PackedBatch, _ targets: [Target], task: String? = nil, stage: Stage,
        _ layout: ParameterLayout,
        values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, _ randomness: Randomness,
        pooled known: [Float]? = nil, from frozen: FrozenInput? = nil, _ workspace: Workspace
    ) -> Double {
        workspace.reset()
        let encoder = encoder(randomness.encoder)
        let parameters = stage == .head ? nil : BoundParameters(layout, values: values, gradient: gradient)
        let context = HookContext(task: task, training: randomness.training)
        let adaptation = parameters.map { bound.hooks($0, context) }
        let p = workspace.matrix(batch.count, weights.configuration.hidden)
        var activations: (encoder: Encoder.Activations, pooling: Pooling.Activations)?
        if let known {
            Self.copy(known, into: p)
        } else {
            let forward = encoder.forward(
                batch, adaptation, from: frozen, output: head.pooling.outputTokens, workspace)
            let pooling = timed(.head) {
                head.pooling.forward(forward.hidden, forward.batch, encoder, adaptation, into: p, workspace)
            }
            activations = (forward, pooling)
        }

        // The pooler's backward reads p before dropout.
        let dropped = workspace.matrix(p.rows, p.columns)
        dropped.copy(from: p)
        let mask = dropHead(dropped, batch.keys, randomness, workspace)
        let (weight, bias) = headMatrices(layout, UnsafeMutablePointer(mutating: values))
        let z = workspace.matrix(p.rows, weight.rows)
        linear(dropped, weight, bias, into: z)
        var loss = lossAndGradient(z, targets)
        // Once for each example, so that means over examples have it once, however they are divided into units.
        if let parameters {
            loss += method.members((any PenalizedMethod).self).reduce(0) {
                $0 + $1.penalty(parameters, times: Double(batch.count))
            }
        }

        if stage != .adapter(trainHead: false) {
            let (dWeight, dBias) = headMatrices(layout, gradient)
            linearWeightGradient(z, dropped, weight: dWeight, bias: dBias)
        }
        if let adaptation, let activations {
            let dp = workspace.matrix(p.rows, p.columns)
            linearBackward(z, weight, into: dp)
            if let mask { multiplyElements(of: dp, by: mask) }
            let rows = activations.encoder.batch
            let dh = workspace.matrix(rows.tokens, p.columns)
            head.pooling.backward(
                dp, activations.pooling, rows, encoder, adaptation, into: dh, workspace)
            encoder.backward(dh, activations.encoder, batch, adaptation, workspace)
        }
        return loss
    }

    // MARK: Answering

    /// Logits [B, C] of a batch, row after row, without dropout.
    ///
    /// Without `adapted` the frozen backbone is used as it is, with the head alone.
    package func logits(
        _ batch: PackedBatch, task: String? = nil, _ layout: ParameterLayout,
        values: UnsafePointer<Float>, adapted: Bool, from frozen: FrozenInput? = nil, _ workspace: Workspace
    ) -> [Float] {
        workspace.reset()
        let adaptation =
            adapted
            ? bound.hooks(
                BoundParameters(layout, values: values, gradient: nil), HookContext(task: task)) : nil
        let p = pool(batch, adaptation, from: frozen, workspace)
        return logits(p, layout, values: values, workspace)
    }

    /// Logits [B, C] from pooled vectors [B, d], row after row.
    package func logits(
        pooled known: [Float], _ layout: ParameterLayout, values: UnsafePointer<Float>, _ workspace: Workspace
    ) -> [Float] {
        workspace.reset()
        let d = weights.configuration.hidden
        let p = workspace.matrix(known.count / d, d)
        Self.copy(known, into: p)
        return logits(p, layout, values: values, workspace)
    }

    private static func copy(_ values: [Float], into p: Matrix) {
        precondition(values.count == p.count, "pooled vectors of another number of sequences")
        values.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { p.base.update(from: start, count: p.count) }
        }
    }

    private func logits(
        _ p: Matrix, _ layout: ParameterLayout, values: UnsafePointer<Float>, _ workspace: Workspace
    ) -> [Float] {
        let (weight, bias) = headMatrices(layout, UnsafeMutablePointer(mutating: values))
        let z = workspace.matrix(p.rows, weight.rows)
        linear(p, weight, bias, into: z)
        return Array(UnsafeBufferPointer(start: z.base, count: z.count))
    }

    /// How the method's matrices are pruned before they are trained; nil if they are not.
    package var pruning: Pruning? { method.members((any PrunedMethod).self).first?.pruning }

    /// How much of the backbone is frozen under the method.
    package func frozenDepth() throws -> FrozenDepth {
        try withUntrained(forLearning: false) { $0.frozenDepth(layers: weights.configuration.layers) }
    }

    /// About how many bytes the activations of one unit take, while adapters are trained.
    package func activationBytes(sequences: [Int]) throws -> Int {
        let layers = weights.configuration.layers
        let lowest = try withUntrained(forLearning: true) { $0.lowestTrained?.layer ?? layers }
        return encoder().activationBytes(sequences: sequences, lowest: lowest)
    }

    /// The frozen backbone's pooled vectors [B, d] of a batch, row after row.
    ///
    /// Some of it may be given.
    package func frozenPooled(_ batch: PackedBatch, from frozen: FrozenInput? = nil, _ workspace: Workspace)
        -> [Float]
    {
        workspace.reset()
        let p = pool(batch, nil, from: frozen, workspace)
        return Array(UnsafeBufferPointer(start: p.base, count: p.count))
    }

    private func pool(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, from frozen: FrozenInput?,
        _ workspace: Workspace
    ) -> Matrix {
        let encoder = encoder()
        let forward = encoder.forward(
            batch, adaptation, from: frozen, output: head.pooling.outputTokens, workspace)
        let p = workspace.matrix(batch.count, weights.configuration.hidden)
        _ = head.pooling.forward(forward.hidden, forward.batch, encoder, adaptation, into: p, workspace)
        return p
    }

    private func headMatrices(
        _ layout: ParameterLayout, _ base: UnsafeMutablePointer<Float>
    ) -> (weight: Matrix, bias: UnsafeMutablePointer<Float>) {
        guard let weight = layout[HeadSlice.weight], let bias = layout[HeadSlice.bias] else {
            preconditionFailure("a task's layout ends with its head")
        }
        return (
            Matrix(base + weight.lowerBound, bias.count, weight.count / bias.count), base + bias.lowerBound
        )
    }

    private func dropHead(
        _ p: Matrix, _ keys: [UInt64], _ randomness: Randomness, _ workspace: Workspace
    ) -> Matrix? {
        if randomness.head == 0 { return nil }
        let mask = workspace.matrix(p.rows, p.columns)
        for (sequence, key) in keys.enumerated() {
            let row = sequence..<sequence + 1
            dropout(
                p.rows(row), probability: randomness.head,
                random: CounterRandom(
                    seed: randomness.encoder.seed, .headDropout, randomness.encoder.step, key),
                mask: mask.rows(row))
        }
        return mask
    }
}
