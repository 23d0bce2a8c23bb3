/// The candidate nearest to `name`, or nil if none is near.
///
/// Near means an edit distance (insertions, deletions, substitutions, transpositions of neighbours) of at
/// most a third of the longer name plus one, and at most three.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let best = candidates.map { (name: $0, distance: editDistance(name, $0)) }
        .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let best, best.distance <= min(3, max(name.count, best.name.count) / 3 + 1) else { return nil }
    return best.name
}

/// The remedy for an unknown name: the nearest candidate, or the list of all.
package func didYouMean(_ name: String, among candidates: some Sequence<String>) -> String {
    if let near = nearestName(to: name, among: candidates) { return "did you mean '\(near)'?" }
    return "allowed: \(candidates.sorted().joined(separator: ", "))"
}

/// The Damerau-Levenshtein distance (optimal string alignment), ignoring case.
private func editDistance(_ left: String, _ right: String) -> Int {
    let a = Array(left.lowercased())
    let b = Array(right.lowercased())
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in 0..<a.count {
        for j in 0..<b.count {
            var distance = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                distance = min(distance, rows[i - 1][j - 1] + 1)
            }
            rows[i + 1][j + 1] = distance
        }
    }
    return rows[a.count][b.count]
}
