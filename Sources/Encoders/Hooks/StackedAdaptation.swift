package import Kernels

/// Several adaptations as one: forward in their order, backward in the reverse order.
///
/// The first adaptation that replaces a frozen tensor, or has a prefix, supplies it.
package final class StackedAdaptation: EncoderAdaptation {
    private let parts: [any EncoderAdaptation]

    package init(_ parts: [any EncoderAdaptation]) { self.parts = parts }

    package var lowestTrained: LayerSite? { parts.compactMap(\.lowestTrained).min() }

    package func acts(at site: LayerSite) -> Bool { parts.contains { $0.acts(at: site) } }

    package func mixesTokens(in layer: Int) -> Bool { parts.contains { $0.mixesTokens(in: layer) } }

    package func forward(
        _ value: Matrix, source: Matrix, at site: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        for part in parts where part.acts(at: site) {
            part.forward(value, source: source, at: site, batch, workspace)
        }
    }

    package func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at site: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        for part in parts.reversed() where part.acts(at: site) {
            part.backward(gradient, sourceGradient: sourceGradient, at: site, batch, workspace)
        }
    }

    package func norm(at site: LayerSite) -> TrainedNorm? { first { $0.norm(at: site) } }
    package func linear(at site: LayerSite) -> TrainedLinear? {
        let found = parts.compactMap { $0.linear(at: site) }
        guard found.count > 1 else { return found.first }
        let (weight, bias) = (found.first { $0.weight != nil }, found.first { $0.bias != nil })
        return TrainedLinear(
            weight: weight?.weight, bias: bias?.bias, weightGradient: weight?.weightGradient,
            biasGradient: bias?.biasGradient)
    }
    package func replacesMap(at site: LayerSite) -> Bool { parts.contains { $0.replacesMap(at: site) } }
    package func prefix(in layer: Int) -> TrainedPrefix? { first { $0.prefix(in: layer) } }
    package var embeddings: TrainedEmbeddings? { first(\.embeddings) }

    private func first<Tensors>(_ tensors: (any EncoderAdaptation) -> Tensors?) -> Tensors? {
        for part in parts {
            if let found = tensors(part) { return found }
        }
        return nil
    }
}
