package import Adapters
import Diagnostics
package import Encoders
import Formats
package import Tasks
package import Training

/// An adapter of another software in Hadamesh's terms: a method with its settings, a head, and parameters.
package struct ImportedAdapter: Sendable {
    /// The software whose form the folder has.
    package let software: String
    package let adapter: AdapterSettings
    private let foreignHead: ForeignHead
    /// The values of each slice, head included.
    let tensors: [String: [Float]]

    init(
        software: String, adapter: AdapterSettings, _ head: ForeignHead, tensors: [String: [Float]]
    ) {
        (self.software, self.adapter, self.tensors) = (software, adapter, tensors)
        foreignHead = head
    }

    /// The head's computation, with a dropout for further training.
    package func head(dropout: Double = 0) -> HeadSettings {
        let settings = foreignHead.settings
        return HeadSettings(pooling: settings.pooling, dense: settings.dense, dropout: dropout)
    }

    /// The names of the classes in the order of the head's rows; nil if the folder does not name them.
    private var labels: [String]? { foreignHead.labels }

    /// Reads a folder of PEFT or AdapterHub; `adapter_config.json` identifies the software.
    package static func read(_ directory: String, on weights: EncoderWeights) throws -> ImportedAdapter {
        let configuration: JSONValue = try AdapterFolder.configuration(of: directory)
        let path = "\(directory)/adapter_config.json"
        if configuration["hadamesh"] != nil {
            throw Failure.usage(
                "is an adapter of a Hadamesh run already", at: path, remedy: "use the run that contains it")
        }
        if configuration["peft_type"] != nil { return try PEFTFolder.read(directory, on: weights) }
        if configuration["config"] != nil { return try AdapterHubFolder.read(directory, on: weights) }
        throw Failure.data(
            "has neither PEFT's 'peft_type' nor AdapterHub's 'config'", at: path,
            remedy: "name the folder that save_pretrained or save_adapter wrote")
    }

    /// The values of a task's layout, with the head's rows in the order of the task's classes.
    ///
    /// `labels` names the classes in the order of the head's rows if the folder does not, or does wrongly.
    package func values(
        in layout: ParameterLayout, for output: TaskOutput, labels: [String]? = nil
    ) throws -> [Float] {
        let order = try rowOrder(output, given: labels)
        return try layout.slices.flatMap { slice -> [Float] in
            guard let values = tensors[slice.name] else {
                throw Failure.data("the imported adapter has no '\(slice.name)'")
            }
            let isHead = slice.name == HeadSlice.weight || slice.name == HeadSlice.bias
            guard values.count == slice.count else {
                let rows = tensors[HeadSlice.bias]?.count ?? 0
                throw Failure.data(
                    isHead
                        ? "the head has \(rows) rows of \(values.count / max(1, rows)), the task needs "
                            + "\(output.width) of \(slice.count / output.width)"
                        : "'\(slice.name)' has \(values.count) values, expected \(slice.count)",
                    remedy: isHead ? "name the task that the head was trained for" : nil)
            }
            guard isHead, let order else { return values }
            let columns = values.count / order.count
            return order.flatMap { values[($0 * columns)..<(($0 + 1) * columns)] }
        }
    }

    /// The head's row for each class of the task; nil for a regression.
    ///
    /// An unknown order is refused: Hugging Face's order of a task's classes often differs from the
    /// benchmark's, and answers would then be swapped silently.
    private func rowOrder(_ output: TaskOutput, given: [String]?) throws -> [Int]? {
        guard case .classes(let classes) = output else {
            if let given {
                throw Failure.usage(
                    "names \(given.count) labels, but the task is a regression", at: "--labels",
                    remedy: "leave it out")
            }
            return nil
        }
        let names = classes.map(\.name)
        if let given {
            guard let order = Self.order(given, of: classes) else {
                throw Failure.usage(
                    "names \(given.joined(separator: ", ")), the task's labels "
                        + "are \(names.joined(separator: ", "))",
                    at: "--labels", remedy: "name each of them once, in the order of the head's rows")
            }
            if let labels, let own = Self.order(labels, of: classes), own != order {
                throw Failure.usage(
                    "says \(given.joined(separator: ", ")), and the folder names the rows of its head "
                        + labels.joined(separator: ", "), at: "--labels", remedy: "leave it out")
            }
            return order
        }
        if let labels, let order = Self.order(labels, of: classes) { return order }
        // A head of another width is reported with its shape.
        guard tensors[HeadSlice.bias]?.count == classes.count else { return nil }
        let found = labels.map { "calls the rows of its head \($0.joined(separator: ", "))" }
        throw Failure.usage(
            "\(found ?? "does not name the rows of its head"), which does not say what label each stands for",
            at: "--labels",
            remedy:
                "give \(names.joined(separator: ",")) in the order that the adapter was trained with, "
                + "such as the 'id2label' of its model"
        )
    }

    /// The row of each class; nil unless the labels are the classes' names, or their values in data files.
    private static func order(_ labels: [String], of classes: [ClassLabel]) -> [Int]? {
        [classes.map(\.name), classes.map(\.value)]
            .first { labels.count == $0.count && Set(labels) == Set($0) }?
            .compactMap(labels.firstIndex)
    }
}
