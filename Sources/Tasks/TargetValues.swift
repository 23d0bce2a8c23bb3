/// The values that stand for targets in a data file.
enum TargetValues: Sendable {
    /// Each class's ``ClassLabel/value``.
    case own
    /// Numbers from 0 for classes, in the hub's order of their names; −1 stands for no label.
    case hub(labels: [String])

    /// The remedy for an unknown label.
    func remedy(forLabel text: String) -> String? {
        guard case .hub(let labels) = self else { return nil }
        if text == "-1" { return "-1 stands for no label: this is a test file" }
        return labels.enumerated().map { "\($0) is \($1)" }.joined(separator: ", ")
    }
}
