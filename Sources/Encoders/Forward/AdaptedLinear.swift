import Kernels

// A linear map with its hooks, x [T, in] → y [T, out]:
//
//   x' = x, changed for this map alone        site `input`
//   y' = x' W'ᵀ + b'                          W', b' frozen or replaced
//   y  = y', changed, with source x'          the map's own site
//
// A frozen W takes part in products of the encoder's arithmetic, a replaced W' in products of floats.
//
// Backward runs the steps in reverse, so the gradient of W' is complete before `input` receives dx'.

extension Encoder {
    /// Computes y of the map at a site and returns x', which backward reads.
    ///
    /// If nothing else reads the input (`heads`, `activation`), the caller has already applied its hook.
    func adaptedLinear(
        _ x: Matrix, _ frozen: LinearWeights, at site: LayerSite, _ adaptation: (any EncoderAdaptation)?,
        into y: Matrix, _ batch: PackedBatch, _ workspace: Workspace
    ) -> Matrix {
        guard let adaptation else {
            linear(
                x, frozen: frozen.weight, packed: packed?.forward[site], in: arithmetic, frozen.bias, into: y)
            return x
        }
        var input = x
        if let changed = ownInput(of: site, adaptation) {
            input = workspace.copy(of: x)
            timed(.adapter) { adaptation.forward(input, source: input, at: changed, batch, workspace) }
        }
        let trained = adaptation.linear(at: site)
        let bias = trained?.bias ?? frozen.bias
        if let weight = trained?.weight {
            linear(input, weight, bias, into: y)
        } else {
            linear(input, frozen: frozen.weight, packed: packed?.forward[site], in: arithmetic, bias, into: y)
        }
        if adaptation.acts(at: site) {
            timed(.adapter) { adaptation.forward(y, source: input, at: site, batch, workspace) }
        }
        return input
    }

    /// Adds parameter gradients from dy, which it may overwrite, and writes dx, or adds it if `accumulate`.
    ///
    /// `dx` is nil if nothing below needs a gradient.
    func adaptedLinearBackward(
        _ dy: Matrix, input: Matrix, _ frozen: LinearWeights, at site: LayerSite,
        _ adaptation: any EncoderAdaptation, into dx: Matrix?, accumulate: Bool, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let changed = ownInput(of: site, adaptation)
        let target = changed == nil ? dx : workspace.matrix(input.rows, input.columns)
        var adds = changed == nil && accumulate
        if adaptation.acts(at: site) {
            if !adds, let target {
                target.fill(0)
                adds = true
            }
            timed(.adapterBackward) {
                adaptation.backward(dy, sourceGradient: target, at: site, batch, workspace)
            }
        }
        let trained = adaptation.linear(at: site)
        if let gradient = trained?.weightGradient {
            linearWeightGradient(dy, input, weight: gradient, bias: trained?.biasGradient)
        } else if let gradient = trained?.biasGradient {
            addColumnSums(of: dy, to: gradient)
        }
        guard let target else { return }
        if let weight = trained?.weight {
            linearBackward(dy, weight, into: target, accumulate: adds)
        } else {
            linearBackward(
                dy, frozen: frozen.weight, packed: packed?.backward[site], in: arithmetic, into: target,
                accumulate: adds)
        }
        if let changed {
            timed(.adapterBackward) {
                adaptation.backward(target, sourceGradient: nil, at: changed, batch, workspace)
            }
            guard let dx else { return }
            if accumulate { add(target, to: dx) } else { dx.copy(from: target) }
        }
    }

    /// The value site of an input that is copied because other maps read it too; nil if no hook changes it.
    private func ownInput(of site: LayerSite, _ adaptation: any EncoderAdaptation) -> LayerSite? {
        guard let input = site.site.input, input != .heads, input != .activation else { return nil }
        let changed = LayerSite(site.layer, input)
        return adaptation.acts(at: changed) ? changed : nil
    }
}
