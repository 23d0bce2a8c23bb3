import Formats
import Foundation

/// Who did what when, for a trace viewer (`chrome://tracing`, Perfetto): one row of spans a rank.
///
/// Spans are kept in memory, up to a number of them, and written once; how many came later is written too.
public struct Timeline: Sendable {
    /// A stretch of time that a rank spent on one thing.
    public struct Span: Sendable, Equatable {
        /// What was done.
        public let name: String
        /// The kind of work, by which viewers colour and filter.
        public let category: String
        /// Who did it.
        public let rank: Int
        /// When it began, in microseconds since the run did.
        public let start: Double
        /// How long it took, in microseconds.
        public let duration: Double

        /// Makes a span.
        public init(name: String, category: String, rank: Int, start: Double, duration: Double) {
            self.name = name
            self.category = category
            self.rank = rank
            self.start = start
            self.duration = duration
        }
    }

    /// The spans kept, in the order they were added.
    public private(set) var spans: [Span] = []
    /// How many spans came after the timeline was full.
    public private(set) var leftOut = 0
    private let capacity: Int

    /// Starts a timeline that keeps its first `capacity` spans.
    public init(capacity: Int = 200_000) { self.capacity = capacity }

    /// Adds a span.
    public mutating func add(_ span: Span) {
        if spans.count < capacity { spans.append(span) } else { leftOut += 1 }
    }

    /// Counts spans that were left out elsewhere.
    public mutating func leaveOut(_ count: Int) { leftOut += count }

    /// Writes the trace atomically, in Chrome's JSON array format, an event a line.
    public func write(to path: String) throws {
        var events = Set(spans.map(\.rank)).sorted().map { rank -> JSONValue in
            metadata("process_name", rank: rank, ["name": "rank \(rank)"])
        }
        if leftOut > 0 { events.append(metadata("spans_left_out", rank: 0, ["count": .integer(leftOut)])) }
        events += spans.map {
            [
                "name": .string($0.name), "cat": .string($0.category), "ph": "X", "ts": .number($0.start),
                "dur": .number($0.duration), "pid": .integer($0.rank), "tid": 0,
            ]
        }
        let text = "[\n" + events.map { $0.encoded() }.joined(separator: ",\n") + "\n]\n"
        try AtomicFile.write(Data(text.utf8), to: path)
    }

    private func metadata(_ name: String, rank: Int, _ arguments: JSONValue) -> JSONValue {
        ["name": .string(name), "ph": "M", "pid": .integer(rank), "tid": 0, "args": arguments]
    }
}
