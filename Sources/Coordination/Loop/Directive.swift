import Collectives
import Diagnostics

/// The coordinator's next instruction to every rank, with its encoding.
package enum Directive: Equatable, Sendable {
    /// Compute the pooled vectors of these chunks, each on its rank, and share them with all ranks.
    case pool([PooledChunk], ranks: [Int])
    /// Take an optimizer step.
    case step(StepPlan)
    /// Prune adapters before they are trained, each by its scores on a plan's examples.
    case prune([StepPlan])
    /// Score the active tasks.
    case evaluate
    /// Save the state.
    case checkpoint
    /// End this stage and begin the next.
    case nextStage
    /// End this start of the run.
    case finish(RunEnding)

    /// The phase that ranks are in while they follow it.
    var phase: RankPhase {
        switch self {
        case .pool: .pooling
        case .step: .step
        case .prune: .pruning
        case .evaluate: .evaluation
        case .checkpoint: .checkpoint
        case .nextStage: .planning
        case .finish: .finishing
        }
    }

    private enum Tag: Int64 {
        case pool, step, evaluate, checkpoint, nextStage, finish, prune
    }

    /// The encoding that is broadcast.
    package var words: [Int64] {
        switch self {
        case .pool(let chunks, let ranks):
            return [Tag.pool.rawValue, Int64(chunks.count)]
                + zip(chunks, ranks).flatMap { chunk, rank in
                    [Int64(chunk.split), Int64(chunk.index), Int64(rank)]
                }
        case .step(let plan):
            return [Tag.step.rawValue] + Self.words(of: plan)
        case .prune(let plans):
            return [Tag.prune.rawValue, Int64(plans.count)] + plans.flatMap(Self.words)
        case .evaluate: return [Tag.evaluate.rawValue]
        case .checkpoint: return [Tag.checkpoint.rawValue]
        case .nextStage: return [Tag.nextStage.rawValue]
        case .finish(let ending): return [Tag.finish.rawValue, ending.rawValue]
        }
    }

    /// The bytes of a micro-batch in a step's encoding, without its examples: task, rank and their number.
    package static let bytesPerMicroBatch = 3 * MemoryLayout<Int64>.stride

    private static func words(of plan: StepPlan) -> [Int64] {
        [Int64(plan.microBatches.count)]
            + zip(plan.microBatches, plan.ranks).flatMap { microBatch, rank in
                [Int64(microBatch.task), Int64(rank), Int64(microBatch.examples.count)]
                    + microBatch.examples.map { Int64($0) }
            }
    }

    /// Decodes ``words``.
    package init(words: [Int64]) throws {
        var rest = words[...]
        func next() throws -> Int {
            guard let word = rest.popFirst() else {
                throw Failure(.rank, "a message from the coordinator ends too early")
            }
            return Int(word)
        }
        func count() throws -> Int {
            let count = try next()
            guard (0...rest.count).contains(count) else {
                throw Failure(.rank, "a message from the coordinator announces \(count) parts")
            }
            return count
        }
        func plan() throws -> StepPlan {
            var microBatches: [MicroBatch] = []
            var ranks: [Int] = []
            for _ in 0..<(try count()) {
                let task = try next()
                ranks.append(try next())
                let examples = try (0..<count()).map { _ in try next() }
                microBatches.append(MicroBatch(task: task, examples: examples))
            }
            return StepPlan(microBatches, ranks: ranks)
        }
        switch Tag(rawValue: Int64(try next())) {
        case .pool:
            var chunks: [PooledChunk] = []
            var ranks: [Int] = []
            for _ in 0..<(try count()) {
                chunks.append(PooledChunk(split: try next(), index: try next()))
                ranks.append(try next())
            }
            self = .pool(chunks, ranks: ranks)
        case .step: self = .step(try plan())
        case .prune: self = .prune(try (0..<count()).map { _ in try plan() })
        case .evaluate: self = .evaluate
        case .checkpoint: self = .checkpoint
        case .nextStage: self = .nextStage
        case .finish:
            guard let ending = RunEnding(rawValue: Int64(try next())) else {
                throw Failure(.rank, "a message from the coordinator has an unknown run ending")
            }
            self = .finish(ending)
        case nil: throw Failure(.rank, "a message from the coordinator has an unknown tag")
        }
    }

    /// Broadcasts the coordinator's directive.
    static func shared(_ directive: Directive?, _ communicator: any Communicator) throws -> Directive {
        var words = directive?.words ?? []
        try communicator.broadcast(&words, from: 0)
        return try Directive(words: words)
    }
}
