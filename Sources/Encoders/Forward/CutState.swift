package import Kernels

/// Memory for a batch's activations at a cut point.
package struct CutState {
    /// x [T, d], h1 [T, d] at the feed-forward input, or the pooled vectors [B, d].
    package let residual: Matrix
    /// a [T, d] at the attention heads' output; nil elsewhere.
    package let heads: Matrix?

    /// Names the memory.
    package init(residual: Matrix, heads: Matrix? = nil) {
        self.residual = residual
        self.heads = heads
    }

    /// Takes memory for so many rows from the workspace.
    package init(at position: CutPoint.Position, rows: Int, width: Int, _ workspace: Workspace) {
        residual = workspace.matrix(rows, width)
        heads = position == .heads ? workspace.matrix(rows, width) : nil
    }

    /// Some rows: those of some tokens, or of some sequences where vectors are pooled.
    package func rows(_ rows: Range<Int>) -> CutState {
        CutState(residual: residual.rows(rows), heads: heads?.rows(rows))
    }

    /// Takes every activation from a state of as many rows at the same cut point.
    package func copy(from other: CutState) {
        residual.copy(from: other.residual)
        if let heads, let others = other.heads { heads.copy(from: others) }
    }
}
