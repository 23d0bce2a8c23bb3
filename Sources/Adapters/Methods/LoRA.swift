package import Diagnostics
package import Encoders
import Kernels

// LoRA (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv 2106.09685), on a
// linear map y = x W + b with x [T, in], y [T, out], A [in, r], B [r, out], s = α / r:
//
//   h = x A                y += s h B
//   dh = s dy Bᵀ           dB = s hᵀ dy    dA = xᵀ dh    dx += dh Aᵀ
//
// As in PEFT, A is stored as [r, in] and B as [out, r]; A starts uniform in ±1/√in (Kaiming-uniform with a =
// √5), B at 0. The default α = 8 at r = 8 is the paper's for RoBERTa base on GLUE, and PEFT's. The start
// `normal`, N(0, 0.02²) in both, is for pruning by gradients: A's gradient is 0 while B is 0. The outputs at
// start are then only nearly the backbone's.
//
// Count: r (in + out) for each map; bert-base at r = 8 on query and value: 294,912. Merged: W ← W + s A B.

/// LoRA: a product of two thin matrices, added to frozen linear maps.
package struct LoRA: LinearMapMethod, WidenableMethod {
    package static let name = "lora"
    package static let source = "Hu et al., ICLR 2022, arXiv 2106.09685"
    package static let summary = "(α / r) x A B added to linear maps, A and B of rank r"
    package static let keys: [MethodKey<Self>] = [
        .targets(\.targets),
        MethodKey("rank", \.rank, allowed: "1 or more", "r, the inner width of A B; at most a map's width") {
            $0 >= 1 ? nil : "is \($0), expected 1 or more"
        },
        MethodKey("alpha", \.alpha, allowed: "a number above 0", "α: A B is scaled by α / r") {
            $0 > 0 && $0 <= 1e6 ? nil : "is \($0), expected more than 0 and at most 1000000"
        },
        MethodKey(
            "start", \.start, "A uniform and B 0, or both N(0, 0.02), for pruning by gradients"),
        .layers(\.layers),
    ]

    package enum Start: String, NamedChoice {
        /// A uniform in ±1/√in, B = 0: the identity.
        case standard
        /// Both N(0, 0.02²): nearly the identity, with gradients for both.
        case normal
    }

    package var targets = LinearTargets.queryAndValue
    package var rank = 8
    package var alpha = 8.0
    package var start = Start.standard
    package var layers = LayerSet.all

    package init() {}

    package var isIdentityAtStart: Bool { start == .standard }
    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(targets.sites) }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        try targets.check(rank: rank, on: weights)
        return BoundLoRA(method: self, layers: try layers.indices(on: weights), weights: weights)
    }

    /// At the same scale s = α / r.
    package func widened(by factor: Int) -> (any AdapterMethod)? {
        let (wide, overflows) = rank.multipliedReportingOverflow(by: factor)
        if overflows { return nil }
        return with {
            $0.rank = wide
            $0.alpha = alpha * Double(factor)
        }
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, pair) in pairs(parameters) {
            guard let own = merged.linear(at: place) else { continue }
            multiply(pair.b.matrix, pair.a.matrix, into: own.weight, scale: scale, accumulate: true)
        }
    }

    /// The parts of a map's tensors.
    package static let (partA, partB) = ("a.weight", "b.weight")

    fileprivate var scale: Float { Float(alpha / Double(rank)) }

    fileprivate func pairs(_ parameters: BoundParameters) -> [LayerSite: LoRAPair] {
        func tensors(_ part: String) -> [LayerSite: BoundTensor] {
            parameters.bySite(Self.name, part, at: targets.sites, in: layers)
        }
        return tensors(LoRA.partA).zipped(with: tensors(LoRA.partB)) { LoRAPair(a: $0, b: $1) }
    }
}

/// A [r, in] and B [out, r] of one map.
private struct LoRAPair {
    let a, b: BoundTensor
}

/// LoRA on a backbone.
private struct BoundLoRA: BoundMethod {
    let method: LoRA
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        layers.flatMap { layer in
            method.targets.ordered.flatMap { target in
                let (inputs, outputs) = target.shape(on: weights)
                let normal = ParameterStart.normal(deviation: 0.02, seed: seed)
                let uniform = ParameterStart.uniform(bound: 1 / Float(inputs).squareRoot(), seed: seed)
                func slice(_ part: String, _ shape: [Int], _ standard: ParameterStart) -> ParameterSlice {
                    ParameterSlice(
                        TensorName(LoRA.name, layer: layer, site: target.site, part), .weight, shape,
                        method.start == .normal ? normal : standard, isPrunable: true)
                }
                return [
                    slice(LoRA.partA, [method.rank, inputs], uniform),
                    slice(LoRA.partB, [outputs, method.rank], .constant(0)),
                ]
            }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        LoRAHooks(method.pairs(parameters), scale: method.scale, isTraining: parameters.isTraining)
    }

    func addedOperations(tokens: Int) -> Double {
        method.targets.ordered.reduce(0) { sum, target in
            let (inputs, outputs) = target.shape(on: weights)
            return sum + 2 * Double(layers.count) * Double(method.rank) * Double(inputs + outputs)
        }
    }
}

private final class LoRAHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let pairs: [LayerSite: LoRAPair]
    private let scale: Float
    private let isTraining: Bool
    /// x [T, in], which does not change until backward, and h [T, r].
    private var saved: [LayerSite: (x: Matrix, h: Matrix)] = [:]

    init(_ pairs: [LayerSite: LoRAPair], scale: Float, isTraining: Bool) {
        self.pairs = pairs
        self.scale = scale
        self.isTraining = isTraining
        lowestTrained = isTraining ? pairs.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { pairs[place] != nil }

    func forward(
        _ y: Matrix, source x: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let pair = pairs[place] else { return }
        let mark = workspace.mark
        let h = workspace.matrix(x.rows, pair.a.matrix.rows)
        multiplyTransposed(x, pair.a.matrix, into: h)
        multiplyTransposed(h, pair.b.matrix, into: y, scale: scale, accumulate: true)
        if isTraining { saved[place] = (x, h) } else { workspace.release(to: mark) }
    }

    func backward(
        _ dy: Matrix, sourceGradient dx: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let pair = pairs[place], let dA = pair.a.gradientMatrix, let dB = pair.b.gradientMatrix
        else { return }
        guard let (x, h) = saved[place] else { preconditionFailure("no saved forward") }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        linearWeightGradient(dy, h, weight: dB, scale: scale)
        let dh = workspace.matrix(h.rows, h.columns)
        multiply(dy, pair.b.matrix, into: dh, scale: scale)
        linearWeightGradient(dh, x, weight: dA)
        if let dx { multiply(dh, pair.a.matrix, into: dx, accumulate: true) }
    }
}
