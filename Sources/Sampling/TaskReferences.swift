import Diagnostics

/// A number that each task is compared with: given, or of a finished run.
package struct TaskReferences: Codable, Equatable, Sendable {
    /// A task's reference: a number, or the directory of the run that has it.
    package enum Value: Codable, Equatable, Sendable {
        case number(Double)
        case run(String)

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                guard number.isFinite else {
                    throw Failure.usage(
                        "is \(number), expected a finite number", at: keyPath(decoder.codingPath))
                }
                self = .number(number)
            } else if let run = try? container.decode(String.self), !run.isEmpty {
                self = .run(run)
            } else {
                throw Failure.usage(
                    "expected a number or the directory of a run"
                        + ((try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""),
                    at: keyPath(decoder.codingPath))
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .run(let run): try container.encode(run)
            }
        }
    }

    /// The run that has the reference of every task.
    package private(set) var run: String?
    /// Each task's reference, if there is no such run.
    package private(set) var tasks: [String: Value] = [:]

    package init() {}

    package init(_ numbers: [String: Double]) { tasks = numbers.mapValues { .number($0) } }

    /// Reads the directory of a run, or a value for each task.
    package init(from decoder: any Decoder) throws {
        if let value = try? Value(from: decoder) {
            guard case .run(let run) = value else {
                throw Failure.usage(
                    "expected the directory of a run, or a mapping with a number for each task",
                    at: keyPath(decoder.codingPath))
            }
            self.run = run
            return
        }
        let container: KeyedDecodingContainer<NameKey>
        do { container = try decoder.container(keyedBy: NameKey.self) } catch {
            throw Failure.usage(
                "expected the directory of a run, or a mapping with a number for each task"
                    + ((try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""),
                at: keyPath(decoder.codingPath))
        }
        for key in container.allKeys {
            tasks[key.stringValue] = try container.decode(Value.self, forKey: key)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if let run {
            var container = encoder.singleValueContainer()
            try container.encode(run)
            return
        }
        var container = encoder.container(keyedBy: NameKey.self)
        for (task, value) in tasks.sorted(by: { $0.key < $1.key }) {
            try container.encode(value, forKey: NameKey(task))
        }
    }

    /// A task's number; 0 for a run that was not read, which ``isRead`` excludes.
    func number(for task: String) -> Double {
        if case .number(let number) = tasks[task] { number } else { 0 }
    }

    /// Whether every reference is a number.
    package var isRead: Bool {
        run == nil && tasks.values.allSatisfy { if case .number = $0 { true } else { false } }
    }

    /// The references as numbers: `read` finds a task's in a run, given its directory, the task, and the key
    /// for failures.
    package func asNumbers(
        of names: [String], _ read: (_ run: String, _ task: String, _ key: String) throws -> Double
    ) throws -> TaskReferences {
        var numbers: [String: Double] = [:]
        for name in names {
            switch tasks[name] {
            case .number(let number): numbers[name] = number
            case .run(let run): numbers[name] = try read(run, name, "\(Self.place).\(name)")
            case nil: if let run { numbers[name] = try read(run, name, Self.place) }
            }
        }
        return TaskReferences(numbers)
    }

    private static let place = "sampler.reference"

    /// Refuses references that are not those of a study's tasks.
    func check(_ sampler: String, tasks names: [String], _ kind: Kind) throws {
        if run != nil { return }
        let remedy = "give each task's \(kind.rawValue), or the directory of a run that has all tasks"
        if tasks.isEmpty {
            throw Failure.usage(
                "\(sampler) has no reference to compare the tasks with", at: Self.place, remedy: remedy)
        }
        try requireTasks(tasks.keys, among: names, at: Self.place)
        if let missing = names.first(where: { tasks[$0] == nil }) {
            throw Failure.usage("has no \(kind.rawValue) of '\(missing)'", at: Self.place, remedy: remedy)
        }
    }

    /// The kind of number that a sampler compares with its reference.
    package enum Kind: String, Sendable {
        /// The task's score: the mean of its metrics.
        case score
        /// The task's mean loss on training examples.
        case loss
    }
}
