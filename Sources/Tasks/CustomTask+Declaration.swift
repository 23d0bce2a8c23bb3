import Diagnostics

/// Validation of a declaration.
extension CustomTask {
    /// In bytes.
    ///
    /// Names become parts of file names, for which file systems allow 255 bytes.
    static let longestName = 100

    /// The reason why a name cannot be used for directories and events, or nil if it can.
    static func problem(withName name: String) -> String? {
        if name.isEmpty { return "the name is empty" }
        if name.utf8.count > longestName {
            return "'\(name.prefix(20))…' has \(name.utf8.count) bytes, expected at most \(longestName), "
                + "because it becomes a directory name"
        }
        if name.hasPrefix(".") || name.hasPrefix("-") {
            return "'\(name)' must begin with a letter or a digit, because it becomes a directory name"
        }
        let allowed = name.unicodeScalars.allSatisfy { scalar in
            let isWord = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            return isWord || "-_.".unicodeScalars.contains(scalar)
        }
        if !allowed {
            return "'\(name)' may contain only letters, digits, '-', '_' and '.', "
                + "because it becomes a directory name"
        }
        if GLUE.tasks.contains(where: { $0.name == name.lowercased() }) {
            return "'\(name)' is the name of a GLUE task, choose another"
        }
        return nil
    }

    /// The classes from `labels` or the range from `range`, exactly one of which must be given.
    static func output(_ section: SettingsSection<CodingKeys>) throws -> TaskOutput {
        let labels = try section.optional(.labels, [LabelName].self)?.map(\.text)
        let bounds = try section.optional(.range, [Double].self)
        switch (labels, bounds) {
        case (nil, nil):
            throw section.failure(
                .labels, "neither labels nor range is given",
                remedy: "give labels: [one, other] for classes, or range: [0, 5] for numbers")
        case (.some, .some):
            throw section.failure(.range, "labels and range are both given, expected only one")
        case (let labels?, nil):
            try check(labels, section)
            return .classes(labels.map { ClassLabel($0) })
        case (nil, let bounds?):
            try section.require(
                bounds.count == 2, .range, "has length \(bounds.count), expected [lowest, highest]")
            // Training converts targets to Float.
            try section.require(
                bounds.allSatisfy { $0.isFinite && abs($0) <= Double(Float.greatestFiniteMagnitude) }, .range,
                "the bounds must be finite numbers within Float's range")
            try section.require(
                bounds[0] < bounds[1], .range, "the range is empty: \(bounds[0]) is not below \(bounds[1])")
            return .regression(bounds[0]...bounds[1])
        }
    }

    private static func check(_ labels: [String], _ section: SettingsSection<CodingKeys>) throws {
        try section.require(
            labels.count > 1, .labels,
            "\(labels.count) \(labels.count == 1 ? "label" : "labels"), expected at least two")
        var seen = Set<String>()
        for label in labels {
            try section.require(!label.isEmpty, .labels, "a label is empty")
            let hasSeparator = label.unicodeScalars.contains { $0 == "\t" || $0 == "\n" || $0 == "\r" }
            try section.require(
                !hasSeparator, .labels, "a label cannot contain a tab or a line break")
            try section.require(seen.insert(label).inserted, .labels, "the label '\(label)' is listed twice")
        }
    }

    /// The declared metrics, or the default ones for the output.
    static func metrics(_ section: SettingsSection<CodingKeys>, _ output: TaskOutput) throws -> [Metric] {
        let standard: [Metric] = if case .classes = output { [.accuracy] } else { [.pearson, .spearman] }
        let metrics = try section.value(.metrics, default: standard)
        try section.require(!metrics.isEmpty, .metrics, "the list is empty")
        for (index, metric) in metrics.enumerated() {
            if let problem = metric.mismatch(with: output) { throw section.failure(.metrics, problem) }
            try section.require(
                !metrics[..<index].contains(metric), .metrics, "'\(metric.rawValue)' is listed twice")
        }
        return metrics
    }
}

/// A label in a settings file: a string, or an integer for its digits.
private struct LabelName: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let number = try? container.decode(Int.self) {
            text = String(number)
        } else {
            throw Failure.usage("expected a label", at: keyPath(decoder.codingPath))
        }
    }
}
