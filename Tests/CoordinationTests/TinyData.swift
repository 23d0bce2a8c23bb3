import Foundation
import Kernels
import TestSupport

/// Generated files for the tasks of ``TinyStudy``, in words of the tiny vocabulary; removed with the object.
final class TinyData {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws {
        folder = try TemporaryFolder()
        for (split, counts) in [("train", [21, 13, 9]), ("dev", [17, 12, 11])] {
            try write("colour.\(split)", "text\tlabel", counts[0]) { random in
                let text = Self.sentence(random)
                return "\(text)\t\(text.contains("red") || text.contains("blue") ? "warm" : "cold")"
            }
            try write("pair.\(split)", "one\ttwo\tkind", counts[1]) { random in
                let (first, second) = (Self.sentence(random), Self.sentence(random, from: 40))
                let shared = Set(first.split(separator: " ")).intersection(second.split(separator: " "))
                return "\(first)\t\(second)\t\(["none", "one", "more"][min(2, shared.count)])"
            }
            try write("size.\(split)", "text\tlabel", counts[2]) { random in
                let text = Self.sentence(random)
                return "\(text)\t\(Double(text.split(separator: " ").count) / 2)"
            }
        }
    }

    /// Replaces the first occurrence of a text in a file.
    func replace(_ old: String, by new: String, in file: String) throws {
        var text = String(decoding: try folder.read(file), as: UTF8.self)
        if let range = text.range(of: old) { text.replaceSubrange(range, with: new) }
        try folder.write(text, to: file)
    }

    private func write(
        _ name: String, _ header: String, _ count: Int, _ line: (CounterRandom) -> String
    ) throws {
        let key = UInt64(name.unicodeScalars.reduce(0) { $0 + $1.value })
        let lines = (0..<count).map { line(CounterRandom(seed: key, .order, UInt64($0))) }
        try folder.write(([header] + lines).joined(separator: "\n") + "\n", to: "\(name).tsv")
    }

    private static let words =
        "the red green blue cat dog bird fish runs sings house tree river stone not a".split(separator: " ")

    private static func sentence(_ random: CounterRandom, from position: UInt64 = 0) -> String {
        let length = 2 + Int(random.uniform(position) * 9)
        return (1...length).map {
            words[Int(random.uniform(position + UInt64($0)) * Double(words.count))]
        }.joined(separator: " ")
    }
}
