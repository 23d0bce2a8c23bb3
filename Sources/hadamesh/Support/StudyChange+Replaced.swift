import Diagnostics
import Studies
import Yams

extension StudyChange {
    /// Refuses a change whose value a later one replaced together with its section.
    static func requireNoneLost(_ changes: [StudyChange], in root: Node) throws {
        for (index, change) in changes.enumerated() where root[path: change.key] != change.value {
            let later = changes[(index + 1)...].last {
                $0.key.count < change.key.count && change.key.starts(with: $0.key)
            }
            guard let later else { continue }
            throw Failure.usage(
                "its value is lost: \(later.words) replaces the whole section",
                at: change.place, remedy: "put it after \(later.words)")
        }
    }

    /// A note of the study file's keys that are gone because the change replaced their section; nil if there
    /// are none.
    ///
    /// - Parameters:
    ///   - file: the tree of the file
    ///   - root: the tree with all changes
    /// - Returns: the note
    func replacedKeys(of file: Node, now root: Node) -> String? {
        let section = MethodSection.at(key)
        // Other mappings have names of the user's for keys, such as layers or tasks.
        guard key.count == 1 || section != nil || (key.count == 2 && key[0] == "stages") else { return nil }
        guard let before = file[path: key]?.mapping, let after = root[path: key],
            value.mapping != nil
                || (section?.hasShortForm == true && value.null == nil && value.scalar != nil)
        else { return nil }
        let gone = before.flatMap { entry -> [[String]] in
            guard let name = entry.key.string, name != section?.nameKey else { return [] }
            guard let kept = after[path: [name]] else { return [[name]] }
            // The section of a stage.
            guard key == ["stages"], let old = entry.value.mapping, kept.mapping != nil else { return [] }
            return old.compactMap { $0.key.string }.filter { kept[path: [$0]] == nil }.map { [name, $0] }
        }
        if gone.isEmpty { return nil }
        let names = gone.map { (key + $0).joined(separator: ".") }.joined(separator: ", ")
        return "\(words): dropped \(names), which the study file has"
    }
}
