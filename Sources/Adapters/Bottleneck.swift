import Encoders
import Kernels

// A bottleneck, v [T, d] → s · (act(n W_d + b_d) W_u + b_u) [T, d], added to a value y; width m < d as a rule:
//
//   n = LN(v) or v      z = n W_d + b_d      a = act(z)      y += s (a W_u + b_u)
//
//   db_u = s Σ_t dy     dW_u = s aᵀ dy       da = s dy W_uᵀ      dz = da ⊙ act'(z)
//   db_d = Σ_t dz       dW_d = nᵀ dz         dn = dz W_dᵀ        dv += dn, or what LN makes of it
//
// W_d is kept as [m, d] and W_u as [d, m]. The input may be y itself as it was before: the residual form.

/// One bottleneck of one layer, bound to its parameters.
final class Bottleneck {
    private let down, downBias, up, upBias: BoundTensor
    private let norm: (scale: BoundTensor, shift: BoundTensor)?
    private let activation: Activation
    private let scale: Float
    private var kept: Kept?

    /// What the forward keeps for backward.
    private struct Kept {
        /// n [T, d], which W_d reads.
        let input: Matrix
        let normalized: Matrix?
        let reciprocalDeviation: UnsafeMutablePointer<Float>?
        /// What the activation left in z's place, and a [T, m].
        let activation, value: Matrix
    }

    /// nn.LayerNorm's ε: the norm on the input is the adapter's own, not the backbone's.
    private static let epsilon: Float = 1e-5

    /// Finds the tensors whose names begin with `name`, such as `layer.3.houlsby.output`; nil where there are none.
    init?(_ parameters: BoundParameters, named name: String, _ settings: BottleneckSettings) {
        guard let down = parameters["\(name).down.weight"], let downBias = parameters["\(name).down.bias"],
            let up = parameters["\(name).up.weight"], let upBias = parameters["\(name).up.bias"]
        else { return nil }
        (self.down, self.downBias, self.up, self.upBias) = (down, downBias, up, upBias)
        if let scale = parameters["\(name).norm.weight"], let shift = parameters["\(name).norm.bias"] {
            norm = (scale, shift)
        } else {
            norm = nil
        }
        activation = settings.activation
        scale = Float(settings.scale)
    }

    /// The tensors of a bottleneck of that name on a backbone of width d.
    static func slices(
        named name: String, layer: Int, width d: Int, _ settings: BottleneckSettings, seed: UInt64
    ) -> [ParameterSlice] {
        func slice(
            _ part: String, _ kind: ParameterKind, _ shape: [Int], _ start: (RandomName) -> ParameterStart
        ) -> ParameterSlice {
            let tensor = "\(name).\(part)"
            return ParameterSlice(
                name: tensor, kind: kind, layer: layer, shape: shape, start: start(RandomName(seed, tensor)),
                isPrunable: kind == .weight)
        }
        let m = settings.bottleneck
        let norm =
            settings.inputNorm
            ? [
                slice("norm.weight", .norm, [d]) { _ in .constant(1) },
                slice("norm.bias", .norm, [d]) { _ in .constant(0) },
            ] : []
        return norm + [
            slice("down.weight", .weight, [m, d]) { settings.start.down($0, inputs: d) },
            slice("down.bias", .bias, [m]) { _ in .constant(0) },
            slice("up.weight", .weight, [d, m]) { settings.start.up($0) },
            slice("up.bias", .bias, [d]) { _ in .constant(0) },
        ]
    }

    // MARK: Forward and backward

    /// y += s · (act(n W_d + b_d) W_u + b_u), where the input may be y itself.
    ///
    /// When keeping, an input that will change before backward is copied if backward reads it, which that of frozen
    /// matrices does not.
    func forward(
        _ input: Matrix, addedTo y: Matrix, keep: Bool, inputChanges: Bool, _ workspace: Workspace
    ) {
        let mark = workspace.mark
        let (tokens, m) = (input.rows, down.shape[0])
        var n = input
        var normalized: Matrix?
        var reciprocalDeviation: UnsafeMutablePointer<Float>?
        if let norm {
            n = workspace.matrix(tokens, input.columns)
            if keep {
                normalized = workspace.matrix(tokens, input.columns)
                reciprocalDeviation = workspace.floats(tokens)
            }
            layerNorm(
                input, scale: norm.scale.value, shift: norm.shift.value, epsilon: Self.epsilon, into: n,
                normalized: normalized, reciprocalDeviation: reciprocalDeviation)
        } else if keep, inputChanges, down.gradient != nil {
            n = workspace.matrix(tokens, input.columns)
            n.copy(from: input)
        }
        let z = workspace.matrix(tokens, m)
        linear(n, down.matrix, downBias.value, into: z)
        let a = workspace.matrix(tokens, m)
        activation.forward(z, into: a, keep: keep)
        multiplyTransposed(a, up.matrix, into: y, scale: scale, accumulate: true)
        addToRows(of: y, upBias.value, scale: scale)
        if keep {
            kept = Kept(
                input: n, normalized: normalized, reciprocalDeviation: reciprocalDeviation, activation: z,
                value: a)
        } else {
            workspace.release(to: mark)
        }
    }

    /// Adds the parameters' gradients from dy, and dv to `dv`, which may be dy itself; without it dv is left out.
    func backward(_ dy: Matrix, inputGradient dv: Matrix?, _ workspace: Workspace) {
        guard let kept else { return }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        if let gradient = up.gradientMatrix {
            linearWeightGradient(dy, kept.value, weight: gradient, scale: scale)
        }
        if let gradient = upBias.gradient { addToRowsBackward(dy, scale: scale, into: gradient) }
        let dz = workspace.matrix(dy.rows, kept.value.columns)
        multiply(dy, up.matrix, into: dz, scale: scale)
        activation.backward(dz, kept: kept.activation, value: kept.value)
        if let gradient = down.gradientMatrix {
            linearWeightGradient(dz, kept.input, weight: gradient, bias: downBias.gradient)
        }
        guard let norm, let normalized = kept.normalized, let deviation = kept.reciprocalDeviation else {
            if let dv { linearBackward(dz, down.matrix, into: dv, accumulate: true) }
            return
        }
        let dn = workspace.matrix(dy.rows, kept.input.columns)
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
