import Collectives
import Foundation
import Journal

/// What one rank did when, in words that travel: every rank keeps its own and the coordinator gets all when the run ends.
///
/// Time begins for all ranks with the barrier that they leave together.
struct RankTimeline {
    /// What a stretch of time went into.
    enum Work: Int64, CaseIterable {
        case features, compute, wait, sum, evaluate, checkpoint

        /// By which viewers colour and filter.
        var category: String {
            switch self {
            case .features, .compute, .evaluate: "compute"
            case .wait: "wait"
            case .sum: "communicate"
            case .checkpoint: "write"
            }
        }
    }

    /// Work, start and length in microseconds, three words a span.
    private var words: [Int64] = []
    private var leftOut = 0
    private let began: Date
    /// As many spans of a rank as are kept: a megabyte.
    private static let capacity = 50_000

    /// Begins now, for all ranks.
    init(_ communicator: any Communicator) throws {
        try communicator.barrier()
        began = Date()
    }

    /// Adds a stretch that ended some seconds before now.
    mutating func add(_ work: Work, seconds: Double, before: Double = 0) {
        guard words.count < 3 * Self.capacity else {
            leftOut += 1
            return
        }
        let end = Date().timeIntervalSince(began) - before
        words += [work.rawValue, Int64((end - seconds) * 1e6), Int64(max(0, seconds) * 1e6)]
    }

    /// The spans of all ranks, on each of them.
    func gathered(_ communicator: any Communicator) throws -> Timeline {
        var timeline = Timeline(capacity: Self.capacity * communicator.size)
        for rank in 0..<communicator.size {
            var own = words + [Int64(leftOut)]
            try communicator.broadcast(&own, from: rank)
            timeline.leaveOut(Int(own.last ?? 0))
            for start in stride(from: 0, to: own.count - 1, by: 3) {
                guard let work = Work(rawValue: own[start]) else { continue }
                timeline.add(
                    Timeline.Span(
                        name: "\(work)", category: work.category, rank: rank, start: Double(own[start + 1]),
                        duration: Double(own[start + 2])))
            }
        }
        return timeline
    }
}
