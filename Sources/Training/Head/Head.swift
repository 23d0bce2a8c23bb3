import Adapters
import Encoders
import Kernels

// From pooled vectors p [B, d] to logits z [B, C]; W [C, d], b [C], V [d, d], v [d].
//
//   none                z = D(p) Wᵀ + b
//   tanh, gelu, relu    u = act(D'(p) Vᵀ + v)     z = D(u) Wᵀ + b
//
// D and D' are dropout with independent masks, each a function of the step and the example alone; with relu
// there is no D', as in DistilBertForSequenceClassification.

/// One task's head with its parameters, forward and backward.
struct Head {
    private let dense: HeadDense
    private let parameters: BoundParameters

    /// A head whose slices end the parameters' layout.
    init(_ dense: HeadDense, _ parameters: BoundParameters) {
        (self.dense, self.parameters) = (dense, parameters)
    }

    /// Activations saved for backward.
    struct Activations {
        /// D'(p), its mask, and the activation's derivative; nil without a dense layer.
        fileprivate let dense: Dense?
        /// The input of the map to the logits [B, d], after dropout, and its mask.
        fileprivate let last: Matrix
        fileprivate let mask: Matrix?
        /// z [B, C].
        let logits: Matrix

        fileprivate struct Dense {
            let input: Matrix
            let mask: Matrix?
            let derivative: Matrix
        }
    }

    /// The logits; p is not changed.
    ///
    /// Dropout needs the sequences' keys.
    func forward(
        _ p: some ReadableMatrix, keys: [UInt64], _ randomness: AdaptedModel.Randomness,
        _ workspace: Workspace
    ) -> Activations {
        // The pooler's backward reads p before dropout.
        var last = workspace.copy(of: p)
        var saved: Activations.Dense?
        if let activation = dense.activation {
            let input = last
            let mask =
                dense.dropsInput ? drop(input, .denseInput, keys, randomness, workspace) : nil
            let z = workspace.matrix(input.rows, input.columns)
            last = workspace.matrix(input.rows, input.columns)
            linear(input, matrix(HeadSlice.denseWeight), vector(HeadSlice.denseBias), into: z)
            activation.forward(z, into: last, saveDerivative: true)
            saved = Activations.Dense(input: input, mask: mask, derivative: z)
        }
        let mask = drop(last, .last, keys, randomness, workspace)
        let weight = matrix(HeadSlice.weight)
        let logits = workspace.matrix(last.rows, weight.rows)
        linear(last, weight, vector(HeadSlice.bias), into: logits)
        return Activations(dense: saved, last: last, mask: mask, logits: logits)
    }

    /// Adds to the parameters' gradients if they are trained, and writes dp [B, d] unless it is nil.
    func backward(
        _ dz: Matrix, _ saved: Activations, isTrained: Bool, into dp: Matrix?, _ workspace: Workspace
    ) {
        let gradient = isTrained ? parameters.gradient : nil
        if let gradient {
            linearWeightGradient(
                dz, saved.last, weight: matrix(HeadSlice.weight, of: gradient),
                bias: gradient + range(HeadSlice.bias).lowerBound)
        }
        guard let hidden = saved.dense, let activation = dense.activation else {
            if let dp {
                linearBackward(dz, matrix(HeadSlice.weight), into: dp)
                if let mask = saved.mask { multiplyElements(of: dp, by: mask) }
            }
            return
        }
        let du = workspace.matrix(saved.last.rows, saved.last.columns)
        linearBackward(dz, matrix(HeadSlice.weight), into: du)
        if let mask = saved.mask { multiplyElements(of: du, by: mask) }
        activation.backward(du, derivative: hidden.derivative)
        if let gradient {
            linearWeightGradient(
                du, hidden.input, weight: matrix(HeadSlice.denseWeight, of: gradient),
                bias: gradient + range(HeadSlice.denseBias).lowerBound)
        }
        if let dp {
            linearBackward(du, matrix(HeadSlice.denseWeight), into: dp)
            if let mask = hidden.mask { multiplyElements(of: dp, by: mask) }
        }
    }

    // MARK: Parameters

    private func range(_ name: String) -> Range<Int> {
        guard let range = parameters.layout[name] else {
            preconditionFailure("a task's layout ends with its head")
        }
        return range
    }

    private func vector(_ name: String) -> UnsafePointer<Float> {
        parameters.values + range(name).lowerBound
    }

    private func matrix(_ name: String) -> FrozenMatrix {
        let (rows, columns) = shape(name)
        return FrozenMatrix(vector(name), rows, columns)
    }

    private func matrix(_ name: String, of vector: UnsafeMutablePointer<Float>) -> Matrix {
        let (rows, columns) = shape(name)
        return Matrix(vector + range(name).lowerBound, rows, columns)
    }

    private func shape(_ name: String) -> (rows: Int, columns: Int) {
        let rows = range(name == HeadSlice.weight ? HeadSlice.bias : HeadSlice.denseBias).count
        return (rows, range(name).count / rows)
    }

    // MARK: Dropout

    /// A place of dropout; each has masks of its own.
    private enum Place { case denseInput, last }

    /// Drops elements in place, and returns the mask; nil without dropout.
    private func drop(
        _ x: Matrix, _ place: Place, _ keys: [UInt64], _ randomness: AdaptedModel.Randomness,
        _ workspace: Workspace
    ) -> Matrix? {
        if randomness.head == 0 { return nil }
        let mask = workspace.matrix(x.rows, x.columns)
        let (seed, step) = (randomness.encoder.seed, randomness.encoder.step)
        for (sequence, key) in keys.enumerated() {
            let row = sequence..<sequence + 1
            let random =
                switch place {
                case .last: CounterRandom(seed: seed, .headDropout, step, key)
                case .denseInput: CounterRandom(seed: seed, .headDropout, step, key, 1)
                }
            dropout(x.rows(row), probability: randomness.head, random: random, mask: mask.rows(row))
        }
        return mask
    }
}
