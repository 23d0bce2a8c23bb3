import Encoders
import Runs
import Studies
import Training

/// Chooses the examples that the adapter stage caches.
///
/// With ℓ of L layers below the cut point, fractions included, an example that is used u times costs u ℓ
/// forward layers without a cache and ℓ with one. A cached token is 4 d or 8 d bytes: even from disk, reading
/// it takes less than a hundredth of the time of computing it, so caching pays if ℓ > 0 and u > 1. The head
/// stage fills this cache on the way to the pooled vectors, which is one more use, and so is a later run that
/// finds the activations in a folder. Training examples come before those that are only scored.
struct ActivationCachePlan {
    /// The start of the adapter stage's forward.
    let cutPoint: CutPoint
    /// Matrices cached per example.
    ///
    /// At layer 0 that excludes x: recomputing the embeddings is cheaper.
    let matrices: Int
    /// By split, the first float of each example; nil for an example that is not cached.
    private(set) var offsets: [[Int?]]
    /// Bytes allocated, and bytes that would be cached without the limit.
    private(set) var bytes = 0, needed = 0
    private let study: Study
    private let layers: Int
    private let width: Int
    private let limit: Int
    private let averageUses: Double
    /// Tokens read from the cache and all tokens of the stage, counted once per use.
    private var saved = 0.0, total = 0.0

    init(_ context: RunContext) throws {
        study = context.study
        layers = context.model.weights.configuration.layers
        width = context.model.weights.configuration.hidden
        limit = Int(study.cache.megabytes * 0x1p20)
        cutPoint = try context.model.highestCutPoint()
        matrices = cutPoint == CutPoint(layer: 0, .heads) ? 1 : cutPoint.position.matrices
        let splits = context.splits.splits
        offsets = splits.map { [Int?](repeating: nil, count: $0.count) }

        let uses = Self.uses(context)
        let drawn = uses.joined().map(\.drawn).filter { $0 > 0 }
        averageUses = drawn.reduce(0, +) / Double(max(1, drawn.count))
        for isDrawn in [true, false] {
            for (number, split) in splits.enumerated() {
                for (example, uses) in uses[number].enumerated() where (uses.drawn > 0) == isDrawn {
                    offsets[number][example] = allocate(split.tokens(example), uses)
                }
            }
        }
    }

    /// The expected uses of an example.
    private struct Uses {
        /// In the adapter stage, by steps and by evaluations.
        var drawn = 0.0, scored = 0
        /// The probability that the head stage computes it first.
        var before = 0.0

        var inStage: Double { drawn + Double(scored) }
    }

    /// By split, then by example: the uses by all tasks; none without an adapter stage.
    private static func uses(_ context: RunContext) -> [[Uses]] {
        let splits = context.splits
        var uses = splits.splits.map { [Uses](repeating: Uses(), count: $0.count) }
        let head = context.stages.first { $0.stage == .head }
        guard let schedule = context.stages.first(where: { $0.stage != .head }) else { return uses }
        let drawn = context.data.reduce(0) { $0 + $1.trainingIndices.count }
        func draws(in stage: StageSchedule?) -> Double {
            Double(stage?.steps ?? 0) * Double(context.study.batch.examples) / Double(max(1, drawn))
        }
        let every = context.study.evaluation.every
        for (data, split) in zip(context.data, splits.train) {
            for example in data.trainingIndices {
                uses[split][example].drawn += draws(in: schedule)
                uses[split][example].before = min(1, draws(in: head))
            }
        }
        for (data, splits) in zip(context.data, splits.evaluationSets) {
            for (set, split) in zip(data.evaluationSets, splits) {
                for example in set.indices {
                    uses[split][example].scored += every > 0 ? schedule.steps / every + 1 : 1
                    if head != nil { uses[split][example].before = 1 }
                }
            }
        }
        return uses
    }

    /// The first float of an example; nil if caching it would not pay or would exceed the limit.
    private mutating func allocate(_ tokens: Int, _ uses: Uses) -> Int? {
        total += Double(tokens) * uses.inStage
        // With dropout, every forward computes different activations.
        let isRandom = study.dropout.hidden > 0 || study.dropout.attention > 0
        if isRandom || layersBelow <= 0 || limit == 0 { return nil }
        let before = isWorthStoring ? uses.before : 0
        let later: Double = isWorthStoring && study.cache.features != nil ? 1 : 0
        if uses.inStage == 0 || before + uses.inStage + later <= 1 { return nil }
        let size = tokens * matrices * width * MemoryLayout<Float>.stride
        needed += size
        if bytes + size > limit { return nil }
        saved += Double(tokens) * max(0, before + uses.inStage - 1)
        defer { bytes += size }
        return bytes / MemoryLayout<Float>.stride
    }

    /// True if at least one whole layer is below the cut point.
    ///
    /// Anything less is cheaper to recompute than to cache for a single reuse or to read from disk.
    var isWorthStoring: Bool { cutPoint.layer > 0 }

    /// ℓ.
    private var layersBelow: Double { Double(cutPoint.layer) + cutPoint.position.shareOfLayer }

    /// The decision, with the bytes that were allocated and the reason if they could not be.
    func report(given: Int, refusal: String?) -> ActivationCacheReport {
        // Forward through all layers, and backward through the layers above the cut point.
        let below = max(0, layersBelow)
        let operations = total * (2 * Double(layers) - below)
        return ActivationCacheReport(
            layer: cutPoint.layer, layers: layers, point: cutPoint.position.reported, uses: averageUses,
            needed: needed, given: given,
            directory: study.cache.directory,
            saves: given > 0 && operations > 0 ? saved * below / operations : 0, refusal: refusal)
    }
}

extension CutPoint.Position {
    fileprivate var reported: ActivationCacheReport.Point {
        switch self {
        case .input: .input
        case .heads: .heads
        case .feedForwardInput: .feedForwardInput
        case .pooled: .pooled
        }
    }
}
