package import Kernels

/// A frozen encoder: hidden states of packed sequences, and gradients down to the lowest trained site.
///
/// It computes on one thread, and its bits depend on (weights, adaptation, batch, arithmetic, dropout)
/// alone.
package struct Encoder {
    let weights: EncoderWeights
    let packed: PrepackedWeights?
    /// The products of frozen maps in layers; all others are of floats.
    let arithmetic: ProductArithmetic
    let dropout: EncoderDropout

    /// An encoder over frozen weights, of which some may be prepacked.
    ///
    /// No bit depends on that.
    package init(
        _ weights: EncoderWeights, packed: PrepackedWeights? = nil,
        _ arithmetic: ProductArithmetic = .float32, dropout: EncoderDropout = .none
    ) {
        self.weights = weights
        precondition(packed.map { $0.arithmetic == arithmetic } ?? true, "maps packed for other products")
        self.packed = packed
        self.arithmetic = arithmetic
        self.dropout = dropout
    }

    /// The result of a forward, with the activations that it saved for backward.
    package struct Activations {
        /// The last layer's output h2 [T, d], or [B, d] for first tokens alone.
        package let hidden: Matrix
        /// The sequences of the tokens in `hidden`.
        package let batch: PackedBatch
        let embedding: EmbeddingActivations?
        /// By layer; nil below the lowest trained site.
        let layers: [LayerActivations?]
    }

    /// Computes the last layer's hidden states of a batch, in memory of the workspace.
    ///
    /// Layers from the adaptation's lowest trained site up save activations for backward. With a `start` the
    /// layers below its cut point, where no hook may act, are not run. For first tokens alone the last layer
    /// leaves out the others, unless the adaptation mixes tokens. `observe` is called with the embeddings'
    /// output as layer −1 and with each layer's output.
    package func forward(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, start: (any CachedStart)? = nil,
        output: OutputTokens = .all, _ workspace: Workspace, observe: ((Int, Matrix) -> Void)? = nil
    ) -> Activations {
        let lowest = adaptation?.lowestTrained
        let scratch = SharedScratch(workspace, positionBias(batch, adaptation, workspace))
        func saves(_ layer: Int) -> Bool { lowest.map { layer >= $0.layer } ?? false }
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
                embed(batch, adaptation, into: x, save: saves(LayerSite.belowLayers), workspace)
            }
            observe?(LayerSite.belowLayers, x)
        }
        let last = weights.configuration.layers - 1
        let skips = output == .first && adaptation?.mixesTokens(in: last) != true
        var rows = batch
        var layers = [LayerActivations?](repeating: nil, count: cut.layer)
        for layer in cut.layer..<weights.configuration.layers {
            var saving: SavedActivations?
            if let adaptation, let lowest, saves(layer) {
                saving = SavedActivations(layer, adaptation, lowest: lowest)
            }
            if layer == last && skips { rows = batch.firstTokens() }
            let isFirst = layer == cut.layer
            let result = layerForward(
                layer, x, from: isFirst ? cut.position : .input, heads: isFirst ? state.heads : nil, batch,
                queries: rows, adaptation, saving, scratch, workspace)
            x = result.hidden
            layers.append(result.saved)
            observe?(layer, x)
        }
        return Activations(hidden: x, batch: rows, embedding: embedding, layers: layers)
    }

    /// Adds the gradients of all trained parameters, and overwrites the gradient of the hidden states.
    ///
    /// `observe` is called with the gradient of each layer's input that backward reaches.
    package func backward(
        _ gradient: Matrix, _ activations: Activations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation,
        _ workspace: Workspace, observe: ((Int, Matrix) -> Void)? = nil
    ) {
        guard let lowest = adaptation.lowestTrained else { return }
        var gradient = gradient
        for layer in stride(from: weights.configuration.layers - 1, through: max(0, lowest.layer), by: -1) {
            guard let saved = activations.layers[layer],
                let below = layerBackward(
                    layer, gradient, saved, batch, adaptation, lowest: lowest, workspace)
            else { return }
            gradient = below
            observe?(layer, gradient)
        }
        if let saved = activations.embedding {
            timed(.embedding) { embedBackward(gradient, saved, batch, adaptation, workspace) }
        }
    }
}
