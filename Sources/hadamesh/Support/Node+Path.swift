import Diagnostics
import Foundation
import Yams

extension Node {
    /// The node at a path of keys and indices; nil if there is none.
    subscript(path names: some Swift.Sequence<String>) -> Node? {
        names.reduce(Optional(self)) { node, name in
            switch node {
            case .mapping(let mapping): return mapping.first { $0.key.string == name }?.value
            case .sequence(let list): return Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
            default: return nil
            }
        }
    }

    /// The line of the longest prefix of a key path that the tree contains; a key may contain dots.
    func line(of names: [String]) -> Int? {
        guard !names.isEmpty else { return nil }
        switch self {
        case .mapping(let mapping):
            for count in names.indices.map({ $0 + 1 }) {
                let name = names.prefix(count).joined(separator: ".")
                guard let entry = mapping.first(where: { $0.key.string == name }) else { continue }
                return entry.value.line(of: Array(names.dropFirst(count))) ?? entry.key.mark?.line
            }
            return nil
        case .sequence(let list):
            guard let index = Int(names[0]), list.indices.contains(index) else { return nil }
            return list[index].line(of: Array(names.dropFirst())) ?? list[index].mark?.line
        default: return nil
        }
    }

    /// A failure about a key of this tree, at the key's line in the tree's file.
    ///
    /// - Parameters:
    ///   - failure: the failure, at the path of a key
    ///   - file: the file
    ///   - hasLines: whether the tree's lines are the file's
    ///   - origin: the location of a key that the tree does not have; nil for the file
    /// - Returns: the failure with the key in its message
    func located(
        _ failure: Failure, in file: String, hasLines: Bool = true, otherwise origin: String? = nil
    ) -> Failure {
        guard let key = failure.location, !key.isEmpty else { return failure.at(file) }
        let line = hasLines ? line(of: names(ofKeyPath: key)) : nil
        return Failure(
            failure.kind, at: line.map { "\(file):\($0)" } ?? origin ?? file,
            failure.key == key ? failure.message : "\(key): \(failure.message)", remedy: failure.remedy,
            key: key,
            others: failure.others.map { located($0, in: file, hasLines: hasLines, otherwise: origin) })
    }
}

/// The names of a key path such as `a.b[2].c`.
func names(ofKeyPath path: String) -> [String] {
    path.replacingOccurrences(of: "[", with: ".").replacingOccurrences(of: "]", with: "")
        .split(separator: ".").map(String.init)
}
