import Diagnostics

/// A task as a study lists it: the name of a GLUE task, or the declaration of one's own.
package enum TaskReference: Codable, Sendable, Equatable {
    /// A GLUE task by its name.
    case glue(String)
    /// A task that the study declares.
    case custom(CustomTask)

    /// The task's name.
    package var name: String {
        switch self {
        case .glue(let name): name
        case .custom(let task): task.name
        }
    }

    /// Reads a name or a mapping; a name that is no GLUE task is a failure that suggests the nearest.
    package init(from decoder: any Decoder) throws {
        guard let name = try? decoder.singleValueContainer().decode(String.self) else {
            self = .custom(try CustomTask(from: decoder))
            return
        }
        let place = keyPath(decoder.codingPath)
        let names = GLUE.tasks.map(\.name)
        guard names.contains(name) else {
            throw Failure.usage(
                "unknown task '\(name)'", at: place,
                remedy: didYouMean(name, among: names)
                    + " (a task of your own is a mapping: name, train, dev, labels)")
        }
        self = .glue(name)
    }

    /// Writes the name or the mapping.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .glue(let name):
            var container = encoder.singleValueContainer()
            try container.encode(name)
        case .custom(let task): try task.encode(to: encoder)
        }
    }

    /// The task itself.
    package func resolve() throws -> any LanguageTask {
        switch self {
        case .glue(let name): try GLUE.task(named: name)
        case .custom(let task): task
        }
    }
}
