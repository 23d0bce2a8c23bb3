package import Kernels

/// A frozen encoder: packed sequences in, hidden states out, and gradients back down to the lowest adapted place.
///
/// It computes on one thread, and its bits are a function of (weights, adaptation, batch, dropout) alone.
package struct Encoder {
    let weights: EncoderWeights
    let laidOut: LaidOutWeights?
    let dropout: EncoderDropout

    /// An encoder over frozen weights, of which some may be laid out for products; no bit depends on that.
    package init(
        _ weights: EncoderWeights, laidOut: LaidOutWeights? = nil, dropout: EncoderDropout = .none
    ) {
        self.weights = weights
        self.laidOut = laidOut
        self.dropout = dropout
    }

    /// What a forward keeps for its backward.
    package struct Activations {
        /// The last layer's output h2 [T, d], or [B, d] where only first tokens are read.
        package let hidden: Matrix
        /// The sequences that hidden has the tokens of.
        package let batch: PackedBatch
        let embedding: EmbeddingActivations?
        /// By layer; nil below the lowest trained place.
        let layers: [LayerActivations?]
    }

    /// The last layer's hidden states of a batch, all taken from the workspace.
    ///
    /// Only layers that backward will visit keep anything: those from the adaptation's lowest trained place
    /// up. With a `start` the layers below its cut point are not run: nothing may act there. Where only first
    /// tokens are read, the last layer leaves the others out, unless the adaptation mixes them. `observe`
    /// sees the embeddings' output as layer −1 and each layer's output, before they are overwritten.
    package func forward(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, start: (any CachedStart)? = nil,
        reading: TokensRead = .all, _ workspace: Workspace, observe: ((Int, Matrix) -> Void)? = nil
    ) -> Activations {
        let lowest = adaptation?.lowestTrained
        let passing = PassingMemory(workspace)
        func keep(_ layer: Int) -> Bool { lowest.map { layer >= $0.layer } ?? false }
        let cut = start?.cutPoint ?? .firstLayer
        precondition(cut.position != .pooled, "pooled vectors lie above the encoder")
        let state = CutState(
            at: cut.position, rows: batch.tokens, width: weights.configuration.hidden, workspace)
        var x = state.residual
        var embedding: EmbeddingActivations?
        if let start {
            start.fill(state, workspace)
        } else {
            embedding = timed(.embedding) {
                embed(batch, adaptation, into: x, keep: keep(Place.belowLayers), workspace)
            }
            observe?(Place.belowLayers, x)
        }
        let last = weights.configuration.layers - 1
        let skips = reading == .first && adaptation?.mixesTokens(in: last) != true
        var rows = batch
        var layers = [LayerActivations?](repeating: nil, count: cut.layer)
        for layer in cut.layer..<weights.configuration.layers {
            var reads: BackwardReads?
            if let adaptation, let lowest, keep(layer) {
                reads = BackwardReads(layer, adaptation, lowest: lowest)
            }
            if layer == last && skips { rows = batch.firstTokens() }
            let isFirst = layer == cut.layer
            let output = layerForward(
                layer, x, from: isFirst ? cut.position : .input, heads: isFirst ? state.heads : nil, batch,
                queries: rows, adaptation, reads, passing, workspace)
            x = output.hidden
            layers.append(output.kept)
            observe?(layer, x)
        }
        return Activations(hidden: x, batch: rows, embedding: embedding, layers: layers)
    }

    /// Adds the gradients of everything trained, from the gradient of the hidden states, which it overwrites.
    ///
    /// `observe` sees the gradient of each layer's input that is reached.
    package func backward(
        _ gradient: Matrix, _ activations: Activations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation,
        _ workspace: Workspace, observe: ((Int, Matrix) -> Void)? = nil
    ) {
        guard let lowest = adaptation.lowestTrained else { return }
        var gradient = gradient
        for layer in stride(from: weights.configuration.layers - 1, through: max(0, lowest.layer), by: -1) {
            guard let kept = activations.layers[layer],
                let below = layerBackward(
                    layer, gradient, kept, batch, adaptation, lowest: lowest, workspace)
            else { return }
            gradient = below
            observe?(layer, gradient)
        }
        if let kept = activations.embedding {
            timed(.embedding) { embedBackward(gradient, kept, batch, adaptation) }
        }
    }
}
