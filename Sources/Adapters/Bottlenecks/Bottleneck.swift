import Encoders
import Kernels

// A bottleneck, v [T, d] → s · (act(n W_d + b_d) W_u + b_u) [T, d], added to a value y; width m < d as a
// rule:
//
//   n = LN(v) or v      z = n W_d + b_d      a = act(z)      y += s (a W_u + b_u)
//
//   db_u = s Σ_t dy     dW_u = s aᵀ dy       da = s dy W_uᵀ      dz = da ⊙ act'(z)
//   db_d = Σ_t dz       dW_d = nᵀ dz         dn = dz W_dᵀ        dv += dn, or LN'(dn)
//
// W_d is stored as [m, d], W_u as [d, m]. The input v may be y itself before the addition: the residual form.

/// One bottleneck of one layer, bound to its parameters.
final class Bottleneck {
    private let down, downBias, up, upBias: BoundTensor
    private let norm: BoundNorm?
    private let activation: Activation
    private let scale: Float
    private var saved: Saved?

    /// Activations saved for backward.
    private struct Saved {
        /// n [T, d], the input of W_d.
        let input: Matrix
        let normalized: Matrix?
        let reciprocalDeviation: UnsafeMutablePointer<Float>?
        /// The activation's derivative and value a [T, m].
        let derivative, value: Matrix
    }

    /// The ε of PyTorch's nn.LayerNorm: the input norm belongs to the adapter, not to the backbone.
    private static let epsilon: Float = 1e-5

    /// Finds the tensors by the name of each part; nil if they are not among the parameters.
    init?(_ parameters: BoundParameters, _ settings: BottleneckSettings, named name: (String) -> TensorName) {
        func tensor(_ part: String) -> BoundTensor? { parameters[name(part)] }
        guard let down = tensor("down.weight"), let downBias = tensor("down.bias"),
            let up = tensor("up.weight"), let upBias = tensor("up.bias")
        else { return nil }
        (self.down, self.downBias, self.up, self.upBias) = (down, downBias, up, upBias)
        norm = BoundNorm(tensor)
        activation = settings.activation
        scale = Float(settings.scale)
    }

    /// The tensors of a bottleneck on a backbone of width d.
    static func slices(
        width d: Int, _ settings: BottleneckSettings, seed: UInt64, named name: (String) -> TensorName
    ) -> [ParameterSlice] {
        let m = settings.bottleneck
        func norm(_ part: String, _ start: Float) -> ParameterSlice {
            ParameterSlice(name(part), .norm, [d], .constant(start))
        }
        func matrix(_ part: String, _ shape: [Int], _ start: ParameterStart) -> ParameterSlice {
            ParameterSlice(name(part), .weight, shape, start, isPrunable: true)
        }
        func bias(_ part: String, _ width: Int) -> ParameterSlice {
            ParameterSlice(name(part), .bias, [width], .constant(0))
        }
        return (settings.inputNorm ? [norm("norm.weight", 1), norm("norm.bias", 0)] : []) + [
            matrix("down.weight", [m, d], settings.start.down(inputs: d, seed: seed)), bias("down.bias", m),
            matrix("up.weight", [d, m], settings.start.up(seed: seed)), bias("up.bias", d),
        ]
    }

    // MARK: Forward and backward

    /// y += s · (act(n W_d + b_d) W_u + b_u), where the input may be y itself.
    ///
    /// With `save`, an input that changes before backward is copied if W_d has a gradient, which needs it.
    func forward(
        _ input: Matrix, addedTo y: Matrix, save: Bool, inputChanges: Bool, _ workspace: Workspace
    ) {
        let mark = workspace.mark
        let (tokens, m) = (input.rows, down.shape[0])
        var n = input
        var normalized: Matrix?
        var reciprocalDeviation: UnsafeMutablePointer<Float>?
        if let norm {
            n = workspace.matrix(tokens, input.columns)
            if save {
                normalized = workspace.matrix(tokens, input.columns)
                reciprocalDeviation = workspace.floats(tokens)
            }
            layerNorm(
                input, scale: norm.scale.value, shift: norm.shift.value, epsilon: Self.epsilon, into: n,
                normalized: normalized, reciprocalDeviation: reciprocalDeviation)
        } else if save, inputChanges, down.gradient != nil {
            n = workspace.copy(of: input)
        }
        let z = workspace.matrix(tokens, m)
        linear(n, down.matrix, downBias.value, into: z)
        let a = workspace.matrix(tokens, m)
        activation.forward(z, into: a, saveDerivative: save)
        multiplyTransposed(a, up.matrix, into: y, scale: scale, accumulate: true)
        addToRows(of: y, upBias.value, scale: scale)
        if save {
            saved = Saved(
                input: n, normalized: normalized, reciprocalDeviation: reciprocalDeviation, derivative: z,
                value: a)
        } else {
            workspace.release(to: mark)
        }
    }

    /// Adds the gradients of the parameters, and that of the input to `dv`, which may be dy itself or nil.
    func backward(_ dy: Matrix, inputGradient dv: Matrix?, _ workspace: Workspace) {
        guard let saved else { preconditionFailure("no saved forward") }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        if let gradient = up.gradientMatrix {
            linearWeightGradient(dy, saved.value, weight: gradient, scale: scale)
        }
        if let gradient = upBias.gradient { addToRowsBackward(dy, scale: scale, into: gradient) }
        let dz = workspace.matrix(dy.rows, saved.value.columns)
        multiply(dy, up.matrix, into: dz, scale: scale)
        activation.backward(dz, derivative: saved.derivative)
        if let gradient = down.gradientMatrix {
            linearWeightGradient(dz, saved.input, weight: gradient, bias: downBias.gradient)
        }
        guard let norm, let normalized = saved.normalized, let deviation = saved.reciprocalDeviation else {
            if let dv { linearBackward(dz, down.matrix, into: dv, accumulate: true) }
            return
        }
        let dn = workspace.matrix(dy.rows, saved.input.columns)
        linearBackward(dz, down.matrix, into: dn)
        if let scale = norm.scale.gradient, let shift = norm.shift.gradient {
            layerNormParameterGradient(dn, normalized: normalized, scale: scale, shift: shift)
        }
        guard let dv else { return }
        layerNormBackward(
            dn, scale: norm.scale.value, normalized: normalized, reciprocalDeviation: deviation)
        add(dn, to: dv)
    }
}
