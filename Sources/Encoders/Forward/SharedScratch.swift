import Kernels

/// Memory that all layers of a forward share: scratch buffers for activations that are not saved, so that
/// they stay in cache, and the biases of attention scores.
final class SharedScratch {
    private var matrices: [Buffer: Matrix] = [:]
    private let workspace: Workspace

    enum Buffer { case q, k, v, heads, attentionOutput, activation }

    /// Nil in families without them.
    let positionBias: PositionBias?

    init(_ workspace: Workspace, _ positionBias: PositionBias?) {
        self.workspace = workspace
        self.positionBias = positionBias
    }

    /// New memory if the layer saves the activation, the shared buffer otherwise.
    func matrix(_ buffer: Buffer, _ rows: Int, _ columns: Int, save: Bool) -> Matrix {
        // The last layer may have fewer rows.
        if !save, let matrix = matrices[buffer], matrix.rows >= rows { return matrix.rows(0..<rows) }
        let matrix = workspace.matrix(rows, columns)
        if !save { matrices[buffer] = matrix }
        return matrix
    }
}
