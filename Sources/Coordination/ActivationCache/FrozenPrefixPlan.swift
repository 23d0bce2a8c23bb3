import Adapters
import Diagnostics
import Encoders
import Runs
import Studies
import Tasks
import Training

/// Which examples are kept, by a count of operations.
///
/// With ℓ of L layers frozen, a part of the last of them counted by its twelfths, an example that is used u times costs u ℓ
/// forward layers when nothing is kept, and ℓ when it is. Reading a token back is 4 d or 8 d bytes, less than a hundredth of
/// computing it even from a disk, so keeping pays wherever ℓ > 0 and u > 1. The head stage computes what lies below on its
/// way, once, and a later run that finds what this one leaves is one more use. Training examples come before those that
/// are scored.
struct FrozenPrefixPlan {
    /// How much is frozen.
    let depth: FrozenDepth
    /// The matrices of its tokens that are kept of an example: x of layer 0 is sooner made anew.
    let matrices: Int
    /// By split, where each example's tokens lie, in floats; nil for one that has no room.
    private(set) var offsets: [[Int?]]
    /// Bytes that have a place, and bytes that would like one.
    private(set) var bytes = 0, needed = 0
    private let study: Study
    private let layers: Int
    private let width: Int
    private let limit: Int
    private let averageUses: Double
    /// Tokens that are read back, and all tokens of the stage, each as often as it is used.
    private var saved = 0.0, total = 0.0

    init(_ context: RunContext, _ schedule: StageSchedule) throws {
        study = context.study
        layers = context.model.weights.configuration.layers
        width = context.model.weights.configuration.hidden
        limit = Int(study.cache.megabytes * 0x1p20)
        depth = try context.model.frozenDepth()
        matrices = depth == FrozenDepth(layer: 0, .heads) ? 1 : depth.point.matrices
        let splits = context.splits
        offsets = splits.splits.map { [Int?](repeating: nil, count: $0.count) }

        let uses = Self.uses(context, schedule)
        let drawn = uses.joined().map(\.drawn).filter { $0 > 0 }
        averageUses = drawn.reduce(0, +) / Double(max(1, drawn.count))
        for isDrawn in [true, false] {
            for (number, split) in splits.splits.enumerated() {
                for (example, uses) in uses[number].enumerated() where (uses.drawn > 0) == isDrawn {
                    offsets[number][example] = place(split.tokens(example), uses)
                }
            }
        }
    }

    /// How often an example is used.
    private struct Uses {
        /// By the adapter stage, on average: in steps, and in evaluations.
        var drawn = 0.0, scored = 0
        /// How likely it is that the head stage computes it before.
        var before = 0.0

        var inStage: Double { drawn + Double(scored) }
    }

    /// By split, then by example: how all tasks that have it use it.
    private static func uses(_ context: RunContext, _ schedule: StageSchedule) -> [[Uses]] {
        let (splits, batch) = (context.splits, context.study.batch.examples)
        let drawn = context.data.reduce(0) { $0 + $1.drawn.count }
        func draws(in stage: StageSchedule?) -> Double {
            Double(stage?.steps ?? 0) * Double(batch) / Double(max(1, drawn))
        }
        let head = context.stages.first { $0.stage == .head }
        let every = context.study.evaluation.every
        var uses = splits.splits.map { [Uses](repeating: Uses(), count: $0.count) }
        for (data, split) in zip(context.data, splits.train) {
            for example in data.drawn {
                uses[split][example].drawn += draws(in: schedule)
                uses[split][example].before = min(1, draws(in: head))
            }
        }
        for (data, splits) in zip(context.data, splits.sets) {
            for (set, split) in zip(data.sets, splits) {
                for example in set.indices {
                    uses[split][example].scored += every > 0 ? schedule.steps / every + 1 : 1
                    if head != nil { uses[split][example].before = 1 }
                }
            }
        }
        return uses
    }

    /// Where an example of so many tokens is kept, in floats; nil where that wouldn't pay or has no room.
    private mutating func place(_ tokens: Int, _ uses: Uses) -> Int? {
        total += Double(tokens) * uses.inStage
        // Dropout makes other numbers each time.
        let isRandom = study.dropout.hidden > 0 || study.dropout.attention > 0
        if isRandom || frozenLayers <= 0 || limit == 0 { return nil }
        let holdsLayers = Self.holdsLayers(depth)
        let before = holdsLayers ? uses.before : 0
        let later: Double = holdsLayers && study.cache.features != nil ? 1 : 0
        if uses.inStage == 0 || before + uses.inStage + later <= 1 { return nil }
        let size = tokens * matrices * width * MemoryLayout<Float>.stride
        needed += size
        if bytes + size > limit { return nil }
        saved += Double(tokens) * max(0, before + uses.inStage - 1)
        defer { bytes += size }
        return bytes / MemoryLayout<Float>.stride
    }

    /// Whether a whole layer at least is frozen: less is not worth its memory for one more use, and sooner computed than
    /// read from a file.
    static func holdsLayers(_ depth: FrozenDepth) -> Bool { depth.layer > 0 }

    /// ℓ.
    private var frozenLayers: Double { Double(depth.layer) + Double(depth.point.twelfths) / 12 }

    /// The decision; `given` bytes were found, or not, for the reason `why`.
    func report(given: Int, why: String?) -> FrozenPrefixReport {
        // Forward through all layers, backward through those that are adapted.
        let frozen = max(0, frozenLayers)
        let operations = total * (2 * Double(layers) - frozen)
        return FrozenPrefixReport(
            layer: depth.layer, layers: layers, point: depth.point.rawValue, uses: averageUses,
            needed: needed,
            given: given, directory: study.cache.directory,
            saves: given > 0 && operations > 0 ? saved * frozen / operations : 0, refusal: why)
    }
}
