import Encoders
import Kernels
import TestSupport

/// Every site of every layer made trainable: w ⊙ value + b at value sites, γ and β at norm sites.
///
/// It knows no method: it is what the encoder's own tests put at the sites to see what the encoder does there.
final class TrainableSites: EncoderAdaptation {
    let lowestTrained: Place?
    /// w or γ, then b or β, of each place.
    let values: [Place: GuardedMatrix]
    /// What backward added, in the same layout.
    let gradients: [Place: GuardedMatrix]
    private var kept: [Place: [Float]] = [:]
    private let acting: Set<Place>

    /// Trains the places from `lowest` up; places below it act with the same values but have no gradient.
    ///
    /// Values start at identity and the frozen norms, each moved by up to `distance`.
    init(
        _ weights: EncoderWeights, lowest: Place?, distance: Float = 0,
        acting sites: Set<Site> = Set(Site.allCases)
    ) {
        let d = weights.configuration.hidden
        lowestTrained = lowest
        var (values, gradients): ([Place: GuardedMatrix], [Place: GuardedMatrix]) = ([:], [:])
        for place in TrainableSites.places(weights) where sites.contains(place.site) {
            let layer = weights.layers[place.layer]
            let norm: NormWeights? =
                switch place.site {
                case .attentionNorm: layer.attentionNorm
                case .outputNorm: layer.outputNorm
                default: nil
                }
            let random = CounterRandom(
                seed: 1, .initialization, UInt64(place.layer), UInt64(place.site.rawValue))
            values[place] = GuardedMatrix(
                (0..<2 * d).map { index in
                    let start = index < d ? norm?.scale[index] ?? 1 : norm?.shift[index - d] ?? 0
                    return start + distance * Float(2 * random.uniform(UInt64(index)) - 1)
                }, rows: 2)
            gradients[place] = GuardedMatrix(2, d, filledWith: 0)
        }
        self.values = values
        self.gradients = gradients
        acting = Set(values.keys)
    }

    /// Every place of a backbone, in the order of the forward pass.
    static func places(_ weights: EncoderWeights) -> [Place] {
        (0..<weights.configuration.layers).flatMap { layer in Site.allCases.map { Place(layer, $0) } }
    }

    func acts(at place: Place) -> Bool {
        acting.contains(place) && (place.site == .heads || place.site == .projection)
    }

    func forward(_ value: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace) {
        guard let own = values[place] else { return }
        kept[place] = value.values
        scaleAndShift(value, by: own.view.row(0), own.view.row(1))
    }

    func backward(_ gradient: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace) {
        guard let own = values[place], let sums = gradients[place], let value = kept[place] else { return }
        scaleAndShiftBackward(
            gradient, x: GuardedMatrix(value, rows: gradient.rows).view, w: own.view.row(0),
            dw: sums.view.row(0),
            db: sums.view.row(1))
    }

    func norm(at place: Place) -> TrainedNorm? {
        guard let own = values[place], let sums = gradients[place] else { return nil }
        let trained = lowestTrained.map { place >= $0 } ?? false
        return TrainedNorm(
            scale: own.view.row(0), shift: own.view.row(1),
            gradient: trained ? (sums.view.row(0), sums.view.row(1)) : nil)
    }
}
