/// The candidate most like `name`, if one is near enough to be what was meant.
///
/// Near enough is an edit distance (insertions, deletions, substitutions, swapped neighbours) of at
/// most a third of the longer word, and never more than three.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let best = candidates.map { (name: $0, distance: editDistance(name, $0)) }
        .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let best, best.distance <= min(3, max(name.count, best.name.count) / 3 + 1) else { return nil }
    return best.name
}

/// The remedy for an unknown name: the nearest one, or all that are allowed.
package func didYouMean(_ name: String, among candidates: some Sequence<String>) -> String {
    if let near = nearestName(to: name, among: candidates) { return "did you mean '\(near)'?" }
    return "allowed: \(candidates.sorted().joined(separator: ", "))"
}

/// Damerau's distance with adjacent transpositions, ignoring case.
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
