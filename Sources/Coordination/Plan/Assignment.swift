/// Balances pieces of work over ranks: in order of falling cost, each goes to the rank with the least load.
///
/// - Returns: the rank of each piece
package func assign(costs: [Double], to ranks: [Int]) -> [Int] {
    var load = LeastFirst([Double](repeating: 0, count: ranks.count))
    var owners = [Int](repeating: ranks[0], count: costs.count)
    for piece in costs.indices.sorted(by: { (costs[$0], $1) > (costs[$1], $0) }) {
        guard let least = load.first else { break }
        owners[piece] = ranks[least]
        load.addToFirst(costs[piece])
    }
    return owners
}
