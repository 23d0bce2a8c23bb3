package import Kernels

/// An adapter's hooks into a frozen encoder for one micro-batch.
///
/// The encoder calls adapters through this protocol alone. At a value site the hooks change the activation in
/// place in the forward and the gradient in the backward; at other sites they replace frozen tensors.
/// Every requirement but ``lowestTrained`` has a default that leaves the encoder alone.
package protocol EncoderAdaptation: AnyObject {
    /// The lowest site with trained parameters, where backward ends; nil if nothing is trained.
    var lowestTrained: LayerSite? { get }

    /// True if the hooks change the value at the site.
    func acts(at site: LayerSite) -> Bool

    /// Changes the activation [T, width] in place, and saves in the workspace all that backward needs.
    ///
    /// The source (see ``Site``) is unchanged until backward. At a site without one it is the value itself,
    /// which later steps overwrite.
    func forward(
        _ value: Matrix, source: Matrix, at site: LayerSite, _ batch: PackedBatch, _ workspace: Workspace)

    /// Replaces the gradient of the changed value by that of the unchanged one, and adds the parameters'
    /// gradients.
    ///
    /// Adds the source's gradient too, unless `sourceGradient` is nil.
    func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at site: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace)

    /// True if the hooks' effect on one token of the layer depends on the sequence's other tokens.
    func mixesTokens(in layer: Int) -> Bool

    /// The replacement of γ and β at a norm site.
    func norm(at site: LayerSite) -> TrainedNorm?

    /// The replacement of W and b at a linear site.
    func linear(at site: LayerSite) -> TrainedLinear?

    /// True if ``linear(at:)`` replaces W, which it may compute only when the pass reaches the site.
    func replacesMap(at site: LayerSite) -> Bool

    /// The keys and values before those of each sequence in a layer.
    func prefix(in layer: Int) -> TrainedPrefix?

    /// The replacement of the embedding tables.
    var embeddings: TrainedEmbeddings? { get }
}

extension EncoderAdaptation {
    package func acts(at site: LayerSite) -> Bool { false }
    package func mixesTokens(in layer: Int) -> Bool { false }
    package func forward(
        _ value: Matrix, source: Matrix, at site: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {}
    package func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at site: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {}
    package func norm(at site: LayerSite) -> TrainedNorm? { nil }
    package func linear(at site: LayerSite) -> TrainedLinear? { nil }
    package func replacesMap(at site: LayerSite) -> Bool { linear(at: site)?.weight != nil }
    package func prefix(in layer: Int) -> TrainedPrefix? { nil }
    package var embeddings: TrainedEmbeddings? { nil }

    /// True if the hooks change the value at one of a layer's sites.
    func acts(in layer: Int, at sites: Site...) -> Bool { sites.contains { acts(at: LayerSite(layer, $0)) } }
}
