// Sums along a vector, with lanes and tail always added in the same order.

/// Σ x.
public func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    fold(count) {
        x.lanes(at: $0)
    } tail: {
        x[$0]
    }
}

/// Σ (x − m)².
public func sumOfSquaredDifferences(_ x: UnsafePointer<Float>, _ count: Int, from m: Float) -> Float {
    fold(count) {
        let difference = x.lanes(at: $0) - m
        return difference * difference
    } tail: {
        (x[$0] - m) * (x[$0] - m)
    }
}

/// Σ x ⊙ y.
public func dotProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    fold(count) {
        x.lanes(at: $0) * y.lanes(at: $0)
    } tail: {
        x[$0] * y[$0]
    }
}

@inline(__always) private func fold(
    _ count: Int, _ lanes: (Int) -> Lanes, tail: (Int) -> Float
) -> Float {
    var first = Lanes()
    var second = Lanes()
    var index = 0
    while index + 2 * laneCount <= count {
        first += lanes(index)
        second += lanes(index + laneCount)
        index += 2 * laneCount
    }
    if index + laneCount <= count {
        first += lanes(index)
        index += laneCount
    }
    var total = (first + second).total
    while index < count {
        total += tail(index)
        index += 1
    }
    return total
}
