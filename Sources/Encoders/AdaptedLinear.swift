import Kernels

// A linear map with whatever acts on it, x [T, in] → y [T, out]:
//
//   x' = x, changed for this map alone        site `input`
//   y' = x' W'ᵀ + b'                          W', b' are the frozen ones or the adaptation's
//   y  = y', changed, with source x'          the map's own site
//
// Backward adds to dx; the steps run in reverse, so that the gradient of W' is whole before `input` sees dx'.

extension Encoder {
    /// Puts y of the map at a place into `y`, and returns x', which backward reads.
    ///
    /// Where the input site is one that nothing else reads (`heads`, `activation`), the caller lets it act before.
    func adaptedLinear(
        _ x: Matrix, _ frozen: LinearWeights, at place: Place, _ adaptation: (any EncoderAdaptation)?,
        into y: Matrix, _ batch: PackedBatch, _ workspace: Workspace
    ) -> Matrix {
        guard let adaptation else {
            linear(x, frozen.weight, laidOut: laidOut?.forward[place], frozen.bias, into: y)
            return x
        }
        var input = x
        if let changed = ownInput(of: place, adaptation) {
            input = copy(of: x, workspace)
            timed(.adapter) { adaptation.forward(input, source: input, at: changed, batch, workspace) }
        }
        let trained = adaptation.linear(at: place)
        let panels = trained?.weight == nil ? laidOut?.forward[place] : nil
        linear(
            input, trained?.weight ?? frozen.weight, laidOut: panels, trained?.bias ?? frozen.bias, into: y)
        if adaptation.acts(at: place) {
            timed(.adapter) { adaptation.forward(y, source: input, at: place, batch, workspace) }
        }
        return input
    }

    /// Adds parameter gradients from dy, which it may change, and puts dx into `dx` (added where `accumulate`).
    ///
    /// Without `dx` nothing below needs a gradient.
    func adaptedLinearBackward(
        _ dy: Matrix, input: Matrix, _ frozen: LinearWeights, at place: Place,
        _ adaptation: any EncoderAdaptation, into dx: Matrix?, accumulate: Bool, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let changed = ownInput(of: place, adaptation)
        let target = changed == nil ? dx : workspace.matrix(input.rows, input.columns)
        var adds = changed == nil && accumulate
        if adaptation.acts(at: place) {
            if !adds, let target {
                target.fill(0)
                adds = true
            }
            timed(.adapterBackward) {
                adaptation.backward(dy, sourceGradient: target, at: place, batch, workspace)
            }
        }
        let trained = adaptation.linear(at: place)
        if let gradient = trained?.weightGradient {
            linearWeightGradient(dy, input, weight: gradient, bias: trained?.biasGradient)
        } else if let gradient = trained?.biasGradient {
            addColumnSums(of: dy, to: gradient)
        }
        guard let target else { return }
        let panels = trained?.weight == nil ? laidOut?.backward[place] : nil
        linearBackward(
            dy, trained?.weight ?? frozen.weight, laidOut: panels, into: target, accumulate: adds)
        if let changed {
            timed(.adapterBackward) {
                adaptation.backward(target, sourceGradient: nil, at: changed, batch, workspace)
            }
            guard let dx else { return }
            if accumulate { add(target, to: dx) } else { dx.copy(from: target) }
        }
    }

    /// The place where an input that others read too is changed for this map.
    private func ownInput(of place: Place, _ adaptation: any EncoderAdaptation) -> Place? {
        guard let site = place.site.input, site != .heads, site != .activation else { return nil }
        let changed = Place(place.layer, site)
        return adaptation.acts(at: changed) ? changed : nil
    }

    func copy(of matrix: Matrix, _ workspace: Workspace) -> Matrix {
        let copy = workspace.matrix(matrix.rows, matrix.columns)
        timed(.elementwise) { copy.copy(from: matrix) }
        return copy
    }
}
