import Diagnostics

/// The sum over units of work whose bits depend on neither the number of ranks nor any order.
///
/// Floating-point addition is not associative, so a sum of floats depends on which rank added what first.
/// Addition of integers is: once every unit's contribution has been rounded to whole multiples of one
/// quantum, by itself, any grouping and any order give the same bits. The quantum is the finest for which
/// the sum cannot overflow, and depends only on what all units together bring:
///
/// 1. Each (row, group) takes the largest exponent among all units' values, a maximum over the ranks. Say
///    it bounds every |v| < 2^e, and the row has n units over all ranks.
/// 2. With L = ceil(log2 n) and k = 62 - L - e, each unit's v 2^k is rounded to the nearest integer, of
///    magnitude at most 2^(62 - L). n of them sum to at most 2^62: overflow is impossible.
/// 3. The integers of all rows are summed over the ranks in one call.
/// 4. The sum times 2^-k is rounded once, to the nearest float.
///
/// The quantum 2^-k is at most 2^(L - 61) of the group's largest value M, so each contribution is off by at
/// most 2^(L - 62) M, and the whole sum, before its own rounding to a float, by n times that. A float has
/// 24 bits, so a value v with |v| >= 2^(L - 38) M is a multiple of the quantum and is not rounded at all: with
/// 32 units, everything within a factor 2^33 of the largest value is summed without any error.
///
/// An infinity or a NaN shows in step 1, on every rank, before anything is summed.
///
/// Use: ``begin(_:unitsPerRow:)`` with the same arguments on all ranks, ``add(row:_:)`` once per unit that
/// this rank computed, ``finish(sums:maxima:)``. The buffers are reused from step to step.
package final class ExactSum {
    private let communicator: any Communicator
    private var layout = ReductionLayout(rows: [])
    private var unitsPerRow: [Int] = []
    /// The units' values one after another, kept because their scale is only known at the end.
    private var kept: [Float] = []
    private var keptRows: [Int] = []
    /// Two words that tell whether the ranks agree on the layout, each group's exponent, the caller's maxima.
    private var exponents: [Int32] = []
    /// Each row's numbers, each row's number of units, the caller's sums.
    private var totals: [Int64] = []
    private var results = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    private var resultRows: [UnsafeBufferPointer<Float>] = []
    private var ready = false

    /// The payload of the latest step, in bytes.
    ///
    /// On one rank it does not travel.
    package private(set) var bytesPerStep = 0
    /// Seconds of all steps until the last rank had come: how unequal the ranks' work was.
    package private(set) var secondsWaiting = 0.0
    /// Seconds of all steps for the exchange of the sums.
    package private(set) var secondsCommunicating = 0.0

    /// Sums over the ranks of the communicator.
    package init(_ communicator: any Communicator) {
        self.communicator = communicator
    }

    deinit { results.deallocate() }

    /// Starts a step; the layout and each row's number of units over all ranks must be equal on all ranks.
    package func begin(_ layout: ReductionLayout, unitsPerRow: [Int]) {
        precondition(unitsPerRow.count == layout.rows.count, "one number of units per row")
        precondition(unitsPerRow.allSatisfy { (0...(1 << 32)).contains($0) }, "from 0 to 2^32 units in a row")
        if layout != self.layout { adopt(layout) }
        self.unitsPerRow = unitsPerRow
        kept.removeAll(keepingCapacity: true)
        keptRows.removeAll(keepingCapacity: true)
        exponents.removeAll(keepingCapacity: true)
        let agreement = agreementWord()
        exponents.append(agreement)
        exponents.append(~agreement)
        exponents.append(contentsOf: repeatElement(0, count: layout.groupCount))
        ready = true
    }

    /// Adds one unit's contribution to its row; the values are copied.
    package func add(row: Int, _ values: UnsafeBufferPointer<Float>) {
        precondition(ready, "begin a step before adding to it")
        precondition(values.count == layout.rowLengths[row], "a contribution has its row's length")
        keptRows.append(row)
        guard let start = values.baseAddress else { return }
        var offset = 0
        for (group, length) in layout.rows[row].enumerated() {
            let exponent = FixedPoint.largestExponent(start + offset, count: length)
            let slot = 2 + layout.groupStarts[row] + group
            exponents[slot] = max(exponents[slot], exponent)
            offset += length
        }
        kept.append(contentsOf: values)
    }

    /// Exchanges the step and returns each row's sum, valid until the next step begins.
    ///
    /// The caller's `sums` are replaced by their sum over the ranks (wrapping) and its `maxima` by their
    /// maximum, in the same calls; every rank brings equally many. The maxima are valid even if a
    /// ``NonFiniteContribution`` is thrown, which happens on all ranks alike. Throws a `Failure` if the ranks
    /// disagree on the layout or a row did not receive all its units.
    package func finish(sums: inout [Int64], maxima: inout [Int32]) throws -> [UnsafeBufferPointer<Float>] {
        let own = sums
        let rows: [UnsafeBufferPointer<Float>]
        (rows, sums) = try finish(maxima: &maxima) { _ in own }
        return rows
    }

    /// Finishes a step whose sums depend on the maxima over all ranks: on a common scale, for instance.
    package func finish(
        maxima: inout [Int32], sums make: (_ maxima: [Int32]) -> [Int64]
    ) throws -> (rows: [UnsafeBufferPointer<Float>], sums: [Int64]) {
        precondition(ready, "begin a step before finishing it")
        ready = false
        try exchangeExponents(&maxima)
        try refuseNonFinite()
        sumUnits()
        let sums = make(maxima)
        totals.append(contentsOf: sums)

        let start = monotonicSeconds()
        try communicator.allReduce(&totals, .sum)
        secondsCommunicating += monotonicSeconds() - start
        bytesPerStep =
            exponents.count * MemoryLayout<Int32>.stride + totals.count * MemoryLayout<Int64>.stride

        let own = layout.count + unitsPerRow.count
        for (row, expected) in unitsPerRow.enumerated() where totals[layout.count + row] != expected {
            throw Failure(
                .rank,
                "row \(row) of the sum received \(totals[layout.count + row]) units of work, expected \(expected)"
            )
        }
        try restoreFloats()
        return (resultRows, Array(totals[own..<own + sums.count]))
    }

    /// Exchanges the step, with nothing of the caller's own, and returns each row's sum.
    package func finish() throws -> [UnsafeBufferPointer<Float>] {
        var sums: [Int64] = []
        var maxima: [Int32] = []
        return try finish(sums: &sums, maxima: &maxima)
    }

    private func adopt(_ layout: ReductionLayout) {
        self.layout = layout
        if results.count < layout.count {
            results.deallocate()
            results = .allocate(capacity: layout.count)
            results.initialize(repeating: 0)
        }
        resultRows = zip(layout.rowStarts, layout.rowLengths).map { start, length in
            UnsafeBufferPointer(rebasing: results[start..<start + length])
        }
    }

    /// A word that is very likely to differ where the layouts or the numbers of units do.
    private func agreementWord() -> Int32 {
        var hash: UInt32 = 0x811c_9dc5
        func mix(_ number: Int) { hash = (hash ^ UInt32(truncatingIfNeeded: number)) &* 0x0100_0193 }
        for (row, groups) in layout.rows.enumerated() {
            mix(unitsPerRow[row])
            for length in groups { mix(length) }
        }
        return Int32(bitPattern: hash)
    }

    private func exchangeExponents(_ maxima: inout [Int32]) throws {
        let agreement = exponents[0]
        exponents.append(contentsOf: maxima)
        let start = monotonicSeconds()
        try communicator.allReduce(&exponents, .max)
        secondsWaiting += monotonicSeconds() - start
        for i in maxima.indices { maxima[i] = exponents[2 + layout.groupCount + i] }
        guard exponents[0] == agreement, exponents[1] == ~agreement else {
            throw Failure(.rank, "the ranks disagree on what this step sums")
        }
    }

    private func refuseNonFinite() throws {
        for (row, groups) in layout.rows.enumerated() {
            for group in groups.indices
            where exponents[2 + layout.groupStarts[row] + group] == FixedPoint.nonFinite {
                throw NonFiniteContribution(row: row, group: group)
            }
        }
    }

    private func sumUnits() {
        totals.removeAll(keepingCapacity: true)
        totals.append(contentsOf: repeatElement(0, count: layout.count + unitsPerRow.count))
        totals.withUnsafeMutableBufferPointer { totals in
            kept.withUnsafeBufferPointer { kept in
                guard let target = totals.baseAddress else { return }
                var read = 0
                for row in keptRows {
                    target[layout.count + row] &+= 1
                    var write = layout.rowStarts[row]
                    for (group, length) in layout.rows[row].enumerated() {
                        if let source = kept.baseAddress {
                            FixedPoint.accumulate(
                                source + read, count: length, power: scalePower(row, group),
                                into: target + write)
                        }
                        read += length
                        write += length
                    }
                }
            }
        }
    }

    private func restoreFloats() throws {
        try totals.withUnsafeBufferPointer { totals in
            guard let source = totals.baseAddress, let target = results.baseAddress else { return }
            for (row, groups) in layout.rows.enumerated() {
                var offset = layout.rowStarts[row]
                for (group, length) in groups.enumerated() {
                    let finite = FixedPoint.restore(
                        source + offset, count: length, power: scalePower(row, group), into: target + offset)
                    guard finite else { throw NonFiniteContribution(row: row, group: group) }
                    offset += length
                }
            }
        }
    }

    private func scalePower(_ row: Int, _ group: Int) -> Int {
        FixedPoint.scalePower(
            largestExponent: exponents[2 + layout.groupStarts[row] + group], units: unitsPerRow[row])
    }
}

/// Some unit brought an infinity or a NaN, or the sum itself is too large for a float; thrown on all ranks alike.
package struct NonFiniteContribution: Error, Equatable, CustomStringConvertible {
    /// The row it was brought to.
    package let row: Int
    /// The group within the row; the first one, where several are bad.
    package let group: Int

    /// Names a row and a group.
    package init(row: Int, group: Int) {
        self.row = row
        self.group = group
    }

    /// Which row and group are not finite.
    package var description: String { "the sum of row \(row), group \(group) is not finite" }
}
