import Collectives
import Diagnostics
import Runs

/// One rank's timeline, in words that travel: every rank keeps its own, and the coordinator meets them all, one rank's
/// after another's, when the run has ended.
///
/// Time begins for all ranks with the barrier that they leave together.
struct RankTimeline {
    /// What a stretch of time went into.
    enum Work: Int64, CaseIterable {
        case pool, compute, wait, sum, evaluate, checkpoint

        /// By which viewers colour and filter.
        var category: String {
            switch self {
            case .pool, .compute, .evaluate: "compute"
            case .wait: "wait"
            case .sum: "communicate"
            case .checkpoint: "write"
            }
        }
    }

    /// Work, start and length in microseconds, three words a span.
    private var words: [Int64] = []
    private var leftOut = 0
    private let began: Double
    /// As many spans as this rank keeps.
    private let capacity: Int
    /// As many spans of one rank as are kept at most, and of all ranks together: a megabyte, and a file of about 20.
    private static let (most, mostOfAll) = (50_000, 200_000)

    /// Begins now, for all ranks.
    init(_ communicator: any Communicator) throws {
        capacity = Self.capacity(ranks: communicator.size)
        try communicator.barrier()
        began = MonotonicClock.seconds
    }

    /// How many spans each of so many ranks keeps: the more ranks, the fewer, so that the whole stays bounded.
    static func capacity(ranks: Int) -> Int { max(1, min(most, mostOfAll / ranks)) }

    /// Adds a stretch that ended some seconds before now.
    mutating func add(_ work: Work, seconds: Double, before: Double = 0) {
        guard words.count < 3 * capacity else {
            leftOut += 1
            return
        }
        let end = MonotonicClock.seconds - began - before
        words += [work.rawValue, Int64((end - seconds) * 1e6), Int64(max(0, seconds) * 1e6)]
    }

    /// Hands every rank's spans to the coordinator's `take`, rank by rank; a collective.
    func gather(_ communicator: any Communicator, _ take: (Timeline) throws -> Void) throws {
        try communicator.gather(words + [Int64(leftOut)], to: 0) { rank, words in
            var timeline = Timeline(rank: rank, capacity: capacity)
            timeline.leaveOut(Int(words.last ?? 0))
            for start in stride(from: 0, to: words.count - 1, by: 3) {
                guard let work = Work(rawValue: words[start]) else { continue }
                timeline.add(
                    Timeline.Span(
                        name: "\(work)", category: work.category, start: Double(words[start + 1]),
                        duration: Double(words[start + 2])))
            }
            try take(timeline)
        }
    }
}
