import Formats

/// One rank's spans of work: a row of a trace viewer (`chrome://tracing`, Perfetto).
package struct Timeline: Sendable {
    /// A period that a rank spent on one operation.
    package struct Span: Sendable, Equatable {
        package let name: String
        /// The kind of work, by which viewers colour and filter.
        package let category: String
        /// Microseconds since the start of the run, and the length in microseconds.
        package let start, duration: Double

        package init(name: String, category: String, start: Double, duration: Double) {
            (self.name, self.category, self.start, self.duration) = (name, category, start, duration)
        }
    }

    package let rank: Int
    /// The first `capacity` spans, in order.
    package private(set) var spans: [Span] = []
    /// The number of spans beyond the capacity.
    package private(set) var leftOut = 0
    private let capacity: Int

    package init(rank: Int, capacity: Int = 200_000) { (self.rank, self.capacity) = (rank, capacity) }

    package mutating func add(_ span: Span) {
        if spans.count < capacity { spans.append(span) } else { leftOut += 1 }
    }

    /// Adds spans dropped before they reached this timeline to ``leftOut``.
    package mutating func leaveOut(_ count: Int) { leftOut += count }

    /// The spans in Chrome's JSON format.
    var events: [String] {
        var events = [metadata("process_name", ["name": .string("rank \(rank)")])]
        if leftOut > 0 { events.append(metadata("spans_left_out", ["count": .integer(leftOut)])) }
        var names: [String: String] = [:]
        for span in spans {
            let names = known(span, &names)
            events.append(
                "{\(names),\"ph\":\"X\",\"ts\":\(span.start),\"dur\":\(span.duration),"
                    + "\"pid\":\(rank),\"tid\":0}")
        }
        return events
    }

    /// The name and category, encoded once per pair: many spans share few pairs.
    private func known(_ span: Span, _ names: inout [String: String]) -> String {
        let key = "\(span.name)\u{0}\(span.category)"
        if let known = names[key] { return known }
        let made =
            "\"name\":\(JSONValue.string(span.name).encoded()),"
            + "\"cat\":\(JSONValue.string(span.category).encoded())"
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
