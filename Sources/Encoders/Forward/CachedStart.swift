package import Kernels

// Activations below the lowest adapted site do not depend on the batch: every row of a product, LayerNorm or
// activation function depends on that row alone, attention on its sequence alone. They can be computed once
// and reused bit for bit.

/// Activations of a batch from which its forward starts, in place of its tokens.
package protocol CachedStart {
    /// Where the forward starts.
    var cutPoint: CutPoint { get }

    /// Writes the batch's activations at the cut point into `state`.
    func fill(_ state: CutState, _ workspace: Workspace)
}
