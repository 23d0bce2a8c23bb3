import Diagnostics
package import Encoders
import Kernels

// LoRA (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv 2106.09685), on a linear map
// y = x W + b with x [T, in], y [T, out], A [in, r], B [r, out], s = α / r:
//
//   h = x A                y += s h B
//   dh = s dy Bᵀ           dB = s hᵀ dy    dA = xᵀ dh    dx += dh Aᵀ
//
// As in PEFT A is stored as [r, in] and B as [out, r], A starts uniform in ±1/√in (Kaiming-uniform with a = √5) and
// B at 0. The default α = 8 at r = 8 is the paper's for RoBERTa base on GLUE and PEFT's. The start `normal`, N(0, 0.02)
// in both, is for pruning by gradients, which are 0 for A where B is 0: the start is then the backbone's only nearly.
//
// Count: r (in + out) for each map; bert-base at r = 8 on query and value: 294,912. Merged: W ← W + s A B.

/// LoRA: a product of two thin matrices added to frozen linear maps.
package struct LoRA: AdapterMethod {
    package static let name = "lora"
    package static let source = "Hu et al., ICLR 2022, arXiv 2106.09685"
    package static let summary = "(α / r) x A B added to linear maps, A and B of rank r"
    package static let settings = [
        .targets,
        MethodSetting("rank", "1 or more", "r, the inner width of A B; at most a map's width"),
        MethodSetting("alpha", "a number above 0", "α: A B is scaled by α / r"),
        MethodSetting(
            "start", "standard, normal", "A uniform and B 0, or both N(0, 0.02) to be pruned by gradients"),
        .layers,
    ]

    /// How A and B start.
    package enum Start: String, NamedChoice {
        /// A uniform in ±1/√in, B = 0: the identity.
        case standard
        /// Both N(0, 0.02²): nearly the identity, with gradients for both.
        case normal
    }

    /// The linear maps that have an A and a B.
    package let targets: LinearTargets
    /// r.
    package let rank: Int
    /// α.
    package let alpha: Double
    /// How A and B start.
    package let start: Start
    /// The layers whose maps have them.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case targets, rank, alpha, start, layers }

    /// Makes the method with settings.
    package init(
        targets: LinearTargets = .queryAndValue, rank: Int = 8, alpha: Double = 8, start: Start = .standard,
        layers: LayerSet = .all
    ) {
        self.targets = targets
        self.rank = rank
        self.alpha = alpha
        self.start = start
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        targets = try section.value(.targets, default: .queryAndValue)
        rank = try section.value(.rank, default: 8)
        alpha = try section.value(.alpha, default: 8)
        start = try section.value(.start, default: .standard)
        layers = try section.value(.layers, default: .all)
        try section.require(rank >= 1, .rank, "is \(rank), expected 1 or more")
        try section.require(
            alpha > 0 && alpha <= 1e6, .alpha, "is \(alpha), expected more than 0 and at most 1000000")
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try targets.check(rank: rank, on: weights)
        return try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            targets.ordered.flatMap { target in
                let (inputs, outputs) = target.shape(on: weights)
                return [("a", [rank, inputs]), ("b", [outputs, rank])].map { part, shape in
                    let name = "layer.\(layer).\(Self.name(target, part))"
                    let random = RandomName(seed, name)
                    let start: ParameterStart =
                        switch start {
                        case .normal: .normal(deviation: 0.02, random)
                        case .standard where part == "a":
                            .uniform(bound: 1 / Float(inputs).squareRoot(), random)
                        case .standard: .constant(0)
                        }
                    return ParameterSlice(
                        name: name, kind: .weight, layer: layer, shape: shape, start: start, isPrunable: true)
                }
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        Acting(pairs(parameters), scale: scale, parameters)
    }

    package var isIdentityAtStart: Bool { start == .standard }

    /// At the same scale s = α / r.
    package func widened(by factor: Int) -> (any AdapterMethod)? {
        let (wide, overflows) = rank.multipliedReportingOverflow(by: factor)
        return overflows
            ? nil
            : LoRA(targets: targets, rank: wide, alpha: alpha * Double(factor), start: start, layers: layers)
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(targets.listed.map(\.site)) }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, pair) in pairs(parameters) {
            guard let own = merged.linear(at: place) else { continue }
            multiply(pair.b.matrix, pair.a.matrix, into: own.weight, scale: scale, accumulate: true)
        }
    }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let count = try layers.indices(of: weights.configuration.layers, key: "adapter.layers").count
        return targets.ordered.reduce(0) { sum, target in
            let (inputs, outputs) = target.shape(on: weights)
            return sum + 2 * Double(count) * Double(rank) * Double(inputs + outputs)
        }
    }

    private var scale: Float { Float(alpha / Double(rank)) }

    private static func name(_ target: LinearTarget, _ part: String) -> String {
        "lora.\(target.rawValue).\(part).weight"
    }

    private func pairs(_ parameters: BoundParameters) -> [Place: Pair] {
        var pairs: [Place: Pair] = [:]
        for target in targets.listed {
            let rows = parameters.byLayer(Self.name(target, "b"))
            for (layer, a) in parameters.byLayer(Self.name(target, "a")) {
                pairs[Place(layer, target.site)] = rows[layer].map { Pair(a: a, b: $0) }
            }
        }
        return pairs
    }

    /// A [r, in] and B [out, r] of one map.
    private struct Pair {
        let a, b: BoundTensor
    }

    // MARK: Forward and backward

    private final class Acting: EncoderAdaptation {
        let lowestTrained: Place?
        private let pairs: [Place: Pair]
        private let scale: Float
        private let isTraining: Bool
        /// x [T, in], which stays where it is, and h [T, r].
        private var kept: [Place: (x: Matrix, h: Matrix)] = [:]

        init(_ pairs: [Place: Pair], scale: Float, _ parameters: BoundParameters) {
            self.pairs = pairs
            self.scale = scale
            isTraining = parameters.isTraining
            lowestTrained = isTraining ? pairs.keys.min() : nil
        }

        func acts(at place: Place) -> Bool { pairs[place] != nil }

        func forward(
            _ y: Matrix, source x: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            guard let pair = pairs[place] else { return }
            let mark = workspace.mark
            let h = workspace.matrix(x.rows, pair.a.matrix.rows)
            multiplyTransposed(x, pair.a.matrix, into: h)
            multiplyTransposed(h, pair.b.matrix, into: y, scale: scale, accumulate: true)
            if isTraining { kept[place] = (x, h) } else { workspace.release(to: mark) }
        }

        func backward(
            _ dy: Matrix, sourceGradient dx: Matrix?, at place: Place, _ batch: PackedBatch,
            _ workspace: Workspace
        ) {
            guard let pair = pairs[place], let (x, h) = kept[place], let dA = pair.a.gradientMatrix,
                let dB = pair.b.gradientMatrix
            else { return }
            let mark = workspace.mark
            defer { workspace.release(to: mark) }
            linearWeightGradient(dy, h, weight: dB, scale: scale)
            let dh = workspace.matrix(h.rows, h.columns)
            multiply(dy, pair.b.matrix, into: dh, scale: scale)
            linearWeightGradient(dh, x, weight: dA)
            if let dx { multiply(dh, pair.a.matrix, into: dx, accumulate: true) }
        }
    }
}
