import Encoders
import Kernels

/// Mixes the outputs of the frozen bottlenecks of all layers.
final class FusionHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let mixtures: [LayerSite: Mixture]

    init(_ mixtures: [LayerSite: Mixture], isTraining: Bool) {
        self.mixtures = mixtures
        lowestTrained = isTraining ? mixtures.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { mixtures[place] != nil }

    func forward(
        _ y: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        mixtures[place]?.forward(y, input: source, workspace)
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        mixtures[place]?.backward(dy, inputGradient: sourceGradient, workspace)
    }
}
