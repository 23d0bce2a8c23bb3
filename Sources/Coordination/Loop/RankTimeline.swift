import Collectives
import Diagnostics
import Runs

/// One rank's timeline, which rank 0 gathers at the end of the run.
///
/// Time starts at a barrier, so that the timelines of all ranks are aligned.
struct RankTimeline {
    enum Work: Int64, CaseIterable {
        case pool, compute, wait, sum, evaluate, checkpoint

        /// The Chrome trace's category, by which viewers colour and filter.
        var category: String {
            switch self {
            case .pool, .compute, .evaluate: "compute"
            case .wait: "wait"
            case .sum: "communicate"
            case .checkpoint: "write"
            }
        }
    }

    /// Three words per span: work, start and length in microseconds.
    private var words: [Int64] = []
    private var leftOut = 0
    private let began: Double
    /// The most spans that this rank keeps.
    private let capacity: Int
    /// The most spans of one rank, about a megabyte, and of all ranks, a file of about 20 MB.
    private static let (most, mostOfAll) = (50_000, 200_000)

    /// Starts the time; a collective.
    init(_ communicator: any Communicator) throws {
        capacity = Self.capacity(ranks: communicator.size)
        try communicator.barrier()
        began = MonotonicClock.seconds
    }

    /// The most spans per rank, such that the total stays bounded.
    static func capacity(ranks: Int) -> Int { max(1, min(most, mostOfAll / ranks)) }

    /// Adds a span that ended `before` seconds ago.
    mutating func add(_ work: Work, seconds: Double, before: Double = 0) {
        guard words.count < 3 * capacity else {
            leftOut += 1
            return
        }
        let end = MonotonicClock.seconds - began - before
        words += [work.rawValue, Int64((end - seconds) * 1e6), Int64(max(0, seconds) * 1e6)]
    }

    /// Calls `take` on rank 0 with the timeline of each rank in turn; a collective.
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
