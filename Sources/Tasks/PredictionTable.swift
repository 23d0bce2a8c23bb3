import Diagnostics
import Formats

/// Predictions with their texts, as lines of output.
package struct PredictionTable: Sendable {
    package enum Format: String, NamedChoice {
        /// The label or value alone, or the numbers alone.
        case text
        /// Tab-separated columns with a header line.
        case tsv
        /// A JSON object per line.
        case json
    }

    /// Numbers for each class.
    package enum Numbers: Sendable { case logits, probabilities }

    private let examples: [Example]
    private let predictions: Predictions
    private let answers: [String]
    /// Nil for a regression.
    private let classes: [String]?
    private let numbers: Numbers?

    /// The examples must be as many as the predictions.
    package init(
        _ task: any LanguageTask, _ examples: [Example], _ predictions: Predictions, numbers: Numbers? = nil
    ) throws {
        self.examples = examples
        self.predictions = predictions
        self.numbers = numbers
        answers = try task.output.texts(of: predictions)
        classes = if case .classes(let classes) = task.output { classes.map(\.name) } else { nil }
        try Self.check(numbers, for: task)
    }

    /// Refuses probabilities of a regression.
    package static func check(_ numbers: Numbers?, for task: any LanguageTask) throws {
        guard numbers == .probabilities, case .regression = task.output else { return }
        throw Failure.usage(
            "\(task.name) predicts a number, which has no probabilities", at: "--probabilities",
            remedy: "leave it out, or use --logits")
    }

    package func lines(_ format: Format) -> [String] {
        switch format {
        case .text:
            answers.indices.map { numbers == nil ? answers[$0] : texts(of: numbers(of: $0)) }
        case .tsv:
            [header]
                + examples.indices.map { row in
                    let example = examples[row]
                    let inputs = [example.first, example.second].map { $0.map(Self.cell) }
                    let cells = ["\(example.index)"] + inputs + [answers[row]]
                    return cells.compactMap(\.self).joined(separator: "\t")
                        + (numbers == nil ? "" : "\t" + texts(of: numbers(of: row)))
                }
        case .json: examples.indices.map { object(of: $0).encoded() }
        }
    }

    /// A text without tabs and line breaks, which the texts of CSV and JSON lines may have.
    private static func cell(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(
            contentsOf: text.unicodeScalars.map { "\t\n\r".unicodeScalars.contains($0) ? " " : $0 })
        return String(scalars)
    }

    private func numbers(of row: Int) -> [Float] {
        numbers == .probabilities ? predictions.probabilities(row) : Array(predictions[row])
    }

    private func texts(of numbers: [Float]) -> String { numbers.map(\.description).joined(separator: "\t") }

    private var textNames: [String] { examples.first?.second == nil ? ["text"] : ["first", "second"] }

    private var header: String {
        (["index"] + textNames + ["prediction"] + (numbers == nil ? [] : classes ?? ["logit"]))
            .joined(separator: "\t")
    }

    private func object(of row: Int) -> JSONValue {
        let texts = [examples[row].first, examples[row].second].compactMap(\.self)
        let answer: JSONValue =
            classes == nil ? Double(answers[row]).map { .number($0) } ?? .null : .string(answers[row])
        var members: [(String, JSONValue)] = [("index", .integer(examples[row].index))]
        members += zip(textNames, texts).map { ($0, .string($1)) }
        members.append(("prediction", answer))
        if let numbers {
            // The digits of the Float, not those of the nearest Double.
            let values = self.numbers(of: row).map { JSONValue.number(Double($0.description) ?? .nan) }
            let byClass = classes.map { .object(Array(zip($0, values))) } ?? values[0]
            members.append((numbers == .probabilities ? "probabilities" : "logits", byClass))
        }
        return .object(members)
    }
}
