import Foundation

/// Short distinct names for groups of run directories, each group given as its runs' paths.
///
/// Components that all paths share at either end are removed, and so are folders named after a seed:
/// `methods/lora/seed-1` and `methods/hut/seed-1` become `lora` and `hut`. A group of several runs is named
/// after the folder that contains them, or after the common beginning of their names.
package func runNames(_ groups: [[String]]) -> [String] {
    let paths = groups.map { group in
        group.map { path in
            URL(fileURLWithPath: path).standardizedFileURL.pathComponents.filter { $0 != "/" }
        }
    }
    let withoutSeeds = paths.map { group in
        group.map { $0.count > 1 && isSeed($0[$0.count - 1]) ? Array($0.dropLast()) : $0 }
    }
    let attempts = [
        withoutSeeds.map { place(of: $0, joining: false) }, paths.map { place(of: $0, joining: false) },
        paths.map { place(of: $0, joining: true) },
    ]
    let names = attempts.lazy.map(shortened).first { Set($0).count == groups.count }
    return names ?? groups.map { $0.joined(separator: "+") }
}

/// Whether a folder is named after a seed, such as `seed-1`.
private func isSeed(_ name: String) -> Bool {
    name.lowercased().wholeMatch(of: /seed[-_=.]?[0-9]+/) != nil
}

/// The folder shared by the runs, followed by the common first word of their names or by their joined names.
private func place(of runs: [[String]], joining: Bool) -> [String] {
    let first = runs[0]
    if runs.allSatisfy({ $0 == first }) { return first }
    let shared = runs.map { sharedCount($0, first) }.min() ?? 0
    if !joining, shared > 0, runs.contains(where: { $0.count == shared }) { return Array(first[..<shared]) }
    let names = runs.map { $0.dropFirst(shared).joined(separator: "/") }
    let name = !joining ? sharedWord(names) ?? names.joined(separator: "+") : names.joined(separator: "+")
    return first[..<shared] + [name]
}

/// The whole words that all names begin with, without trailing punctuation; nil if there are none.
private func sharedWord(_ names: [String]) -> String? {
    let first = Array(names[0])
    var count = names.map { sharedCount(Array($0), first) }.min() ?? 0
    func isWithinWord(_ name: String) -> Bool {
        let letters = Array(name)
        return count > 0 && count < letters.count && isWord(letters[count - 1]) && isWord(letters[count])
    }
    while names.contains(where: isWithinWord) { count -= 1 }
    while count > 0, !isWord(first[count - 1]) { count -= 1 }
    return count > 0 ? String(first[..<count]) : nil
}

private func isWord(_ letter: Character) -> Bool { letter.isLetter || letter.isNumber }

/// Paths without their common components at either end; if more than two components remain, the shortest
/// distinct suffix.
private func shortened(_ paths: [[String]]) -> [String] {
    guard let first = paths.first, let least = paths.map(\.count).min() else { return [] }
    guard paths.count > 1 else { return [first.last ?? "/"] }
    let before = min(paths.map { sharedCount($0, first) }.min() ?? 0, max(0, least - 1))
    let after = min(
        paths.map { sharedCount($0.reversed(), first.reversed()) }.min() ?? 0, max(0, least - before - 1))
    let inner = paths.map { Array($0[before..<$0.count - after]) }
    if inner.allSatisfy({ $0.count <= 2 }) { return inner.map { $0.joined(separator: "/") } }
    for count in 1...(inner.map(\.count).max() ?? 1) {
        let names = inner.map { $0.suffix(count).joined(separator: "/") }
        if Set(names).count == names.count { return names }
    }
    return inner.map { $0.joined(separator: "/") }
}

/// The length of the common prefix.
private func sharedCount<Element: Equatable>(_ left: [Element], _ right: [Element]) -> Int {
    zip(left, right).prefix { $0 == $1 }.count
}

/// The absolute path without symbolic links, by which two spellings of a directory compare equal.
func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
}
