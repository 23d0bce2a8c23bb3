import Diagnostics
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

    /// The files of a split, relative to the data directory.
    enum Files {
        /// JSON lines, in the order of the split: one file or its shards.
        case lines([String])
        /// The first of Parquet, which is not read.
        case parquet(String)
    }

    var columns: ColumnLayout {
        .header(first: texts[0], second: texts.dropFirst().first, label: Self.label)
    }

    /// The split's files; JSON lines before Parquet, nil if there is neither.
    ///
    /// Throws for shards of which one is missing, or of which there are several sets.
    static func files(of split: Split, task: String, in directory: String) throws -> Files? {
        let folder = split == .diagnostic ? "ax" : task
        let name = name(of: split)
        let found =
            (try? FileManager.default.contentsOfDirectory(atPath: dataPath(folder, in: directory))) ?? []
        if let file = ["\(name).jsonl", "\(name).json"].first(where: found.contains) {
            return .lines(["\(folder)/\(file)"])
        }
        for suffix in ["jsonl", "json"] {
            let counts = Set(found.compactMap { Shard($0, of: name, suffix)?.count }).sorted()
            guard let count = counts.first else { continue }
            guard counts.count == 1 else {
                throw Failure.data(
                    "has \(name) in \(counts.map { "\($0)" }.joined(separator: " and in ")) shards",
                    at: dataPath(folder, in: directory), remedy: "remove all shards but those of one export")
            }
            let shards = (0..<count).map { Shard(index: $0, count: count) }
            guard let missing = shards.first(where: { !found.contains($0.file(of: name, suffix)) }) else {
                return .lines(shards.map { "\(folder)/\($0.file(of: name, suffix))" })
            }
            let parquet = missing.file(of: name, "parquet")
            if found.contains(parquet) { return .parquet("\(folder)/\(parquet)") }
            throw Failure.data(
                "there is no such file, one of \(count) shards",
                at: dataPath("\(folder)/\(missing.file(of: name, suffix))", in: directory),
                remedy: "export or copy all shards of the split")
        }
        let parquet = found.sorted().first {
            $0.hasSuffix(".parquet") && ($0 == "\(name).parquet" || $0.hasPrefix("\(name)-"))
        }
        return parquet.map { .parquet("\(folder)/\($0)") }
    }

    /// A part of a split, as the hub numbers it: `train-00000-of-00002.jsonl`.
    private struct Shard {
        let index, count: Int

        init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

        /// Nil for another file.
        init?(_ file: String, of name: String, _ suffix: String) {
            guard file.hasPrefix("\(name)-"), file.hasSuffix(".\(suffix)"),
                let match = file.dropFirst(name.count).dropLast(suffix.count + 1)
                    .wholeMatch(of: /-([0-9]{5})-of-([0-9]{5})/),
                let index = Int(match.1), let count = Int(match.2), index < count
            else { return nil }
            self.init(index: index, count: count)
        }

        func file(of name: String, _ suffix: String) -> String {
            String(format: "\(name)-%05d-of-%05d.\(suffix)", index, count)
        }
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
