import Diagnostics
import Formats
import Training

/// Reads a checkpoint's facts, and names those that are missing or impossible.
struct CheckpointFacts {
    private let checkpoint: Checkpoint
    private let tasks: Int

    init(_ checkpoint: Checkpoint, tasks: Int) {
        self.checkpoint = checkpoint
        self.tasks = tasks
    }

    /// The fact of a key.
    func value<T>(_ key: String, _ read: (JSONValue) -> T?) throws -> T {
        guard let found = checkpoint.facts[key].flatMap(read) else { throw unusable(key) }
        return found
    }

    /// A key's facts, one for each task.
    func list<T>(_ key: String, _ read: (JSONValue) -> T?) throws -> [T] {
        let found = try value(key) { $0.array?.compactMap(read) }
        guard found.count == tasks else {
            throw Failure.data(
                "the checkpoint of step \(checkpoint.step) has \(found.count) of '\(key)', expected \(tasks)")
        }
        return found
    }

    /// A count that a run can reach.
    func bounded(_ count: Int, _ key: String) throws -> Int {
        guard Self.counts.contains(count) else { throw unusable(key) }
        return count
    }

    /// A number of steps, micro-batches or examples.
    ///
    /// No run reaches 2^53, and counting on from there would overflow.
    static func count(_ value: JSONValue) -> Int? {
        value.int.flatMap { counts.contains($0) ? $0 : nil }
    }

    private static let counts = 0...1 << 53

    private func unusable(_ key: String) -> Failure {
        Failure.data("the checkpoint of step \(checkpoint.step) has no usable '\(key)'")
    }
}
