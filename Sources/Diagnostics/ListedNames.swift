/// Names as a message lists them: in quotes, only the first twenty of many.
package func listed(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
}
