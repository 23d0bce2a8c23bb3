import Diagnostics
import Studies
import Yams

/// The length of a stage: `steps` or `epochs`, of which a study has one.
enum StageLength {
    private static let names = ["steps", "epochs"]

    /// Removes the one that a change did not give from each stage that has both.
    ///
    /// - Parameters:
    ///   - root: the tree of the study with the changes
    ///   - changes: the changes, of which a later one counts more
    ///   - refusesBoth: whether a file or a change with both is a failure
    /// - Returns: a note for each removed key
    /// - Throws: a failure for a stage with both, at the stage or at the change
    static func settle(_ root: inout Node, _ changes: [StudyChange], refusesBoth: Bool) throws -> [String] {
        var notes: [String] = []
        for stage in Stages.CodingKeys.allCases.map(\.stringValue) {
            let place = ["stages", stage]
            guard let section = root[path: place]?.mapping,
                names.allSatisfy({ isGiven(root[path: place + [$0]]) })
            else { continue }
            func given(by change: StudyChange) -> [String] {
                names.filter { name in
                    let key = place + [name]
                    return key.starts(with: change.key)
                        && isGiven(change.value[path: key.dropFirst(change.key.count)])
                }
            }
            let last = changes.last { !given(by: $0).isEmpty }
            if let last, let kept = given(by: last).first, given(by: last).count == 1 {
                let others = section.filter { $0.key.string == kept || !names.contains($0.key.string ?? "") }
                root = try StudyChange.setting(Node(others.map { ($0.key, $0.value) }), at: place, in: root)
                let dropped = (place + names.filter { $0 != kept }).joined(separator: ".")
                notes.append("\(last.words): dropped \(dropped), because a stage has steps or epochs")
            } else if refusesBoth {
                throw Failure.usage(
                    "has both steps and epochs, expected one of them", at: last?.place ?? "stages.\(stage)",
                    remedy: "steps counts steps, epochs passes over the data: remove one")
            }
        }
        return notes
    }

    private static func isGiven(_ node: Node?) -> Bool { node.map { $0.null == nil } ?? false }
}
