import Encoders
import Kernels

/// Adds the bottlenecks of all layers to the values at their sites.
final class BottleneckHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let bottlenecks: [LayerSite: Bottleneck]
    /// LN(y + x) at each place, if the bottlenecks read it.
    private let normalized: [LayerSite: NormalizedOutput]
    private let reads: SubLayerValue
    private let isTraining: Bool

    init(
        _ bottlenecks: [LayerSite: Bottleneck], reads: SubLayerValue, isTraining: Bool,
        on weights: EncoderWeights
    ) {
        self.bottlenecks = bottlenecks
        self.reads = reads
        self.isTraining = isTraining
        let normalized = reads == .normalized ? Array(bottlenecks.keys) : []
        self.normalized = Dictionary(
            uniqueKeysWithValues: normalized.map { ($0, NormalizedOutput(at: $0, of: weights)) })
        lowestTrained = isTraining ? bottlenecks.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { bottlenecks[place] != nil }

    func forward(
        _ y: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        let h = normalized[place]?.forward(y, source, save: isTraining, workspace)
        bottlenecks[place]?.forward(
            reads.of(output: y, normalized: h, input: source), addedTo: y, save: isTraining,
            inputChanges: reads == .output, workspace)
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let normalized = normalized[place] else {
            bottlenecks[place]?.backward(
                dy, inputGradient: reads == .input ? sourceGradient : dy, workspace)
            return
        }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let dh = workspace.matrix(dy.rows, dy.columns)
        dh.fill(0)
        bottlenecks[place]?.backward(dy, inputGradient: dh, workspace)
        normalized.backward(dh)
        add(dh, to: dy)
        if let sourceGradient { add(dh, to: sourceGradient) }
    }
}
