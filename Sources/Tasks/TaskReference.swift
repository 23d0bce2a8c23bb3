import Diagnostics

/// An entry of a study's task list: the name of a GLUE task, or the declaration of a custom task.
package enum TaskReference: Codable, Sendable, Equatable {
    case glue(String)
    case custom(CustomTask)

    package var name: String {
        switch self {
        case .glue(let name): name
        case .custom(let task): task.name
        }
    }

    /// Reads a name or a mapping.
    ///
    /// The failure for an unknown name suggests the nearest.
    package init(from decoder: any Decoder) throws {
        guard let name = try? decoder.singleValueContainer().decode(String.self) else {
            self = .custom(try CustomTask(from: decoder))
            return
        }
        let names = GLUE.tasks.map(\.name)
        guard names.contains(name) else {
            throw Failure.usage(
                "unknown task '\(name)'", at: keyPath(decoder.codingPath),
                remedy: didYouMean(name, among: names)
                    + " (declare a custom task as a mapping: name, train, dev, labels)")
        }
        self = .glue(name)
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .glue(let name):
            var container = encoder.singleValueContainer()
            try container.encode(name)
        case .custom(let task): try task.encode(to: encoder)
        }
    }

    package func resolve() throws -> any LanguageTask {
        switch self {
        case .glue(let name): try GLUE.task(named: name)
        case .custom(let task): task
        }
    }
}
