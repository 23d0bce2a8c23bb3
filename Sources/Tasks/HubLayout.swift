import Foundation

/// A GLUE task as Hugging Face's hub lays it out, exported as JSON lines.
///
/// The folder has the task's name, `ax` for the diagnostic set; labels are numbers.
struct HubLayout: Sendable {
    /// The names of the texts' columns.
    let texts: [String]
    /// The classes in the order of the hub's numbers; empty in a regression.
    let labels: [String]

    /// The column of labels.
    static let label = "label"

    /// A file of the data directory.
    enum File {
        /// With JSON lines.
        case lines(String)
        /// Parquet, which is not read.
        case parquet(String)
    }

    var columns: ColumnLayout {
        .header(first: texts[0], second: texts.dropFirst().first, label: Self.label)
    }

    /// The split's file, relative to the data directory; JSON lines before Parquet, nil if there is neither.
    static func file(of split: Split, task: String, in directory: String) -> File? {
        let folder = split == .diagnostic ? "ax" : task
        let name = name(of: split)
        let found =
            (try? FileManager.default.contentsOfDirectory(atPath: dataPath(folder, in: directory))) ?? []
        let lines = [name, "\(name)-00000-of-00001"].flatMap { ["\($0).jsonl", "\($0).json"] }
        if let file = lines.first(where: found.contains) { return .lines("\(folder)/\(file)") }
        let parquet = found.sorted().first {
            $0.hasSuffix(".parquet") && ($0 == "\(name).parquet" || $0.hasPrefix("\(name)-"))
        }
        return parquet.map { .parquet("\(folder)/\($0)") }
    }

    /// The split's file as a message suggests it.
    static func suggestion(of split: Split, task: String) -> String {
        "\(split == .diagnostic ? "ax" : task)/\(name(of: split)).jsonl"
    }

    /// The hub's name of a split.
    private static func name(of split: Split) -> String {
        switch split {
        case .train: "train"
        case .dev: "validation"
        case .devMatched: "validation_matched"
        case .devMismatched: "validation_mismatched"
        case .test, .diagnostic: "test"
        case .testMatched: "test_matched"
        case .testMismatched: "test_mismatched"
        }
    }
}
