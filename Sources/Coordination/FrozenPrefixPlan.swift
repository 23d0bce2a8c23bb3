import Adapters
import Diagnostics
public import Encoders
public import Formats
import Tasks
import Training

/// The `cache` section: where to keep what frozen layers give, how much of it, and what to leave for later runs.
///
/// No bit of a result depends on it.
public struct CacheSettings: Sendable, Codable, Equatable {
    /// The most that each host keeps, in megabytes; 0 keeps nothing.
    public let megabytes: Double
    /// A folder of each host's own disk to keep it in; nil for memory.
    public let directory: String?
    /// A folder in which runs leave what frozen layers gave, and find what earlier ones left; nil for none.
    public let features: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case megabytes, directory, features }

    /// Two gigabytes of memory, and nothing for later runs.
    public init() {
        megabytes = 2048
        directory = nil
        features = nil
    }

    /// Reads the section.
    public init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        megabytes = try section.value(.megabytes, default: CacheSettings().megabytes)
        directory = try section.optional(.directory)
        features = try section.optional(.features)
        try section.require(
            (0...1e9).contains(megabytes), .megabytes, "is \(megabytes), expected 0 (off) or more")
        try section.require(directory != "", .directory, "is empty, expected a folder")
        try section.require(features != "", .features, "is empty, expected a folder")
    }
}

/// What was decided on keeping frozen activations, and why.
public struct FrozenPrefixReport: Sendable, Equatable {
    /// The lowest adapted layer, of how many.
    public let layer: Int, layers: Int
    /// How far that layer is frozen itself: the point from which on it is computed.
    public let point: FrozenPoint
    /// How often a training example will be drawn, on average, by all tasks that have it.
    public let uses: Double
    /// Bytes that all examples used more than once need, and those that they were given on each host.
    public let needed: Int, given: Int
    /// The folder they are kept in, nil for memory.
    public let directory: String?
    /// The share of the adapter stage's floating-point operations that keeping them saves, by count.
    public let saves: Double
    /// Why nothing is kept though it would have paid, in words; nil otherwise.
    public let refusal: String?

    /// The report as the journal holds it.
    public var json: JSONValue {
        [
            "layer": .integer(layer), "layers": .integer(layers), "point": .string(point.rawValue),
            "uses": .number(uses),
            "bytesNeeded": .integer(needed), "bytes": .integer(given),
            "directory": directory.map { .string($0) } ?? .null, "saves": .number(saves),
            "refusal": refusal.map { .string($0) } ?? .null,
        ]
    }
}

/// Which examples are kept, by a count of operations.
///
/// With ℓ of L layers frozen, a part of the last of them counted by its twelfths, an example that is used u times costs u ℓ
/// forward layers when nothing is kept, and ℓ when it is. Reading a token back is 4 d or 8 d bytes, less than a hundredth of
/// computing it even from a disk, so keeping pays wherever ℓ > 0 and u > 1. Training examples come before those that are
/// scored.
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
    private let uses: Double
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

        // How often an example is used, over all tasks that have it.
        var usesOf = splits.splits.map { [Double](repeating: 0, count: $0.count) }
        let examples = Double(schedule.steps * study.batch.examples)
        let perTask = examples / Double(max(1, context.data.reduce(0) { $0 + $1.drawn.count }))
        for (task, data) in context.data.enumerated() {
            for example in data.drawn { usesOf[splits.train[task]][example] += perTask }
        }
        let isDrawn = usesOf.map { $0.map { $0 > 0 } }
        uses = examples / Double(max(1, isDrawn.reduce(0) { $0 + $1.count(where: \.self) }))
        let every = study.evaluation.every
        let scored = Double(every > 0 ? schedule.steps / every + 1 : 1)
        for (task, data) in context.data.enumerated() {
            for (set, evaluation) in data.sets.enumerated() {
                for example in evaluation.indices { usesOf[splits.sets[task][set]][example] += scored }
            }
        }
        for drawn in [true, false] {
            for (number, split) in splits.splits.enumerated() {
                for example in 0..<split.count
                where usesOf[number][example] > 0 && isDrawn[number][example] == drawn {
                    offsets[number][example] = place(split.tokens(example), uses: usesOf[number][example])
                }
            }
        }
    }

    /// Where an example of so many tokens is kept, in floats; nil where that wouldn't pay or has no room.
    private mutating func place(_ tokens: Int, uses: Double) -> Int? {
        total += Double(tokens) * uses
        // Dropout makes other numbers each time.
        let isRandom = study.dropout.hidden > 0 || study.dropout.attention > 0
        if isRandom || frozenLayers <= 0 || uses <= 1 || limit == 0 { return nil }
        let size = tokens * matrices * width * MemoryLayout<Float>.stride
        needed += size
        if bytes + size > limit { return nil }
        saved += Double(tokens) * (uses - 1)
        defer { bytes += size }
        return bytes / MemoryLayout<Float>.stride
    }

    /// ℓ.
    private var frozenLayers: Double { Double(depth.layer) + Double(depth.point.twelfths) / 12 }

    /// The decision; `given` bytes were found, or not, for the reason `why`.
    func report(given: Int, why: String?) -> FrozenPrefixReport {
        // Forward through all layers, backward through those that are adapted.
        let frozen = max(0, frozenLayers)
        let operations = total * (2 * Double(layers) - frozen)
        return FrozenPrefixReport(
            layer: depth.layer, layers: layers, point: depth.point, uses: uses, needed: needed, given: given,
            directory: study.cache.directory,
            saves: given > 0 && operations > 0 ? saved * frozen / operations : 0, refusal: why)
    }
}
