import Formats

/// One rank's spans of work: a row of a trace viewer (`chrome://tracing`, Perfetto).
///
/// Spans are kept up to a number of them; how many came later is kept too.
package struct Timeline: Sendable {
    /// A stretch of time that a rank spent on one thing.
    package struct Span: Sendable, Equatable {
        /// What was done.
        package let name: String
        /// The kind of work, by which viewers colour and filter.
        package let category: String
        /// When it began, in microseconds since the run did.
        package let start: Double
        /// How long it took, in microseconds.
        package let duration: Double

        /// Makes a span.
        package init(name: String, category: String, start: Double, duration: Double) {
            self.name = name
            self.category = category
            self.start = start
            self.duration = duration
        }
    }

    /// Whose it is.
    package let rank: Int
    /// The spans kept, in the order they were added.
    package private(set) var spans: [Span] = []
    /// How many spans came after the timeline was full.
    package private(set) var leftOut = 0
    private let capacity: Int

    /// Starts a rank's timeline, which keeps its first `capacity` spans.
    package init(rank: Int, capacity: Int = 200_000) {
        self.rank = rank
        self.capacity = capacity
    }

    /// Adds a span.
    package mutating func add(_ span: Span) {
        if spans.count < capacity { spans.append(span) } else { leftOut += 1 }
    }

    /// Counts spans that were left out elsewhere.
    package mutating func leaveOut(_ count: Int) { leftOut += count }

    /// Its events in Chrome's JSON format.
    var events: [String] {
        var events = [metadata("process_name", ["name": .string("rank \(rank)")])]
        if leftOut > 0 { events.append(metadata("spans_left_out", ["count": .integer(leftOut)])) }
        var names: [String: String] = [:]
        for span in spans {
            let names = known(span, &names)
            events.append(
                "{\(names),\"ph\":\"X\",\"ts\":\(span.start),\"dur\":\(span.duration),\"pid\":\(rank),\"tid\":0}"
            )
        }
        return events
    }

    /// The fields that many spans have in common, encoded once for each of the few names.
    private func known(_ span: Span, _ names: inout [String: String]) -> String {
        let key = "\(span.name)\u{0}\(span.category)"
        if let known = names[key] { return known }
        let made =
            "\"name\":\(JSONValue.string(span.name).encoded()),\"cat\":\(JSONValue.string(span.category).encoded())"
        names[key] = made
        return made
    }

    private func metadata(_ name: String, _ arguments: JSONValue) -> String {
        let event: JSONValue = [
            "name": .string(name), "ph": "M", "pid": .integer(rank), "tid": 0, "args": arguments,
        ]
        return event.encoded()
    }
}
