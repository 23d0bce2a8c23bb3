import Kernels

// A layer's backward reads the normalised values, GELU's derivative, q, k, v and P, whatever acts on the layer. What else
// its forward computes is read again only by the gradients of trained weights and by adapters that have it as their
// source; where there are none, every layer puts it into the same memory, which then stays in the cache.

/// What the backward of one layer reads, beside what it always does.
struct BackwardReads {
    /// x [T, d], the layer's input.
    let input: Bool
    /// q, k, v [T, d]: not in the lowest layer, where backward stops above them.
    let queries: Bool
    /// a [T, d] as W_O reads it.
    let heads: Bool
    /// h1 [T, d].
    let attentionOutput: Bool
    /// u [T, f] as W_2 reads it.
    let activation: Bool

    init(_ layer: Int, _ adaptation: any EncoderAdaptation, lowest: Place) {
        func trains(_ sites: Site...) -> Bool {
            sites.contains { adaptation.linear(at: Place(layer, $0))?.weightGradient != nil }
        }
        func acts(_ sites: Site...) -> Bool { sites.contains { adaptation.acts(at: Place(layer, $0)) } }
        input = trains(.query, .key, .value) || acts(.query, .key, .value, .attention)
        queries = lowest < Place(layer, .heads)
        heads = trains(.projection) || acts(.projection)
        attentionOutput = trains(.intermediate) || acts(.intermediate, .feedForward)
        activation = trains(.output) || acts(.output, .feedForwardResidual)
    }
}

/// Memory for what no backward reads, taken when first needed and used by all layers of a forward in turn.
final class PassingMemory {
    private var matrices: [Slot: Matrix] = [:]
    private let workspace: Workspace

    enum Slot { case q, k, v, heads, attentionOutput, activation }

    init(_ workspace: Workspace) { self.workspace = workspace }

    /// Memory of this layer's own where backward reads it, otherwise all layers'.
    func matrix(_ slot: Slot, _ rows: Int, _ columns: Int, isRead: Bool) -> Matrix {
        // The last layer may want fewer rows.
        if !isRead, let matrix = matrices[slot], matrix.rows >= rows { return matrix.rows(0..<rows) }
        let matrix = workspace.matrix(rows, columns)
        if !isRead { matrices[slot] = matrix }
        return matrix
    }
}
