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
/// Use: ``begin(_:unitsPerRow:)`` with the same arguments on all ranks, ``add(row:_:loss:)`` once per unit that
/// this rank computed, ``finish(sums:maxima:)``. The buffers are reused from step to step.
package final class ExactSum {
    private let communicator: any Communicator
    private var layout = ReductionLayout(rows: [])
    private var unitsPerRow: [Int] = []
    /// The units' values one after another, kept because their scale is only known at the end.
    private var kept: [Float] = []
    private var keptRows: [Int] = []
    private var keptLosses: [Double] = []
    /// Two words that differ where the ranks disagree on the layout, each group's exponent, each row's exponent of
    /// its losses, the caller's maxima.
    private var exponents: [Int32] = []
    /// Each row's numbers, each row's number of units, each row's losses, the caller's sums.
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
        keptLosses.removeAll(keepingCapacity: true)
        exponents.removeAll(keepingCapacity: true)
        let agreement = agreementWord()
        exponents.append(agreement)
        exponents.append(~agreement)
        exponents.append(contentsOf: repeatElement(0, count: layout.groupCount + layout.rows.count))
        ready = true
    }

    /// Adds one unit's contribution to its row, and its loss to the row's; the values are copied.
    package func add(row: Int, _ values: UnsafeBufferPointer<Float>, loss: Double = 0) {
        precondition(ready, "begin a step before adding to it")
        precondition(values.count == layout.rowLengths[row], "a contribution has its row's length")
        keptRows.append(row)
        keptLosses.append(loss)
        let lossSlot = 2 + layout.groupCount + row
        exponents[lossSlot] = max(exponents[lossSlot], FixedLoss.exponent(loss))
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

    /// The sums of a step.
    package struct Sums {
        /// Each row's sum; valid until the next step begins.
        package let rows: [UnsafeBufferPointer<Float>]
        /// Each row's sum of losses.
        package let losses: [Double]
    }

    /// Exchanges the step.
    ///
    /// The caller's `sums` are replaced by their sum over the ranks (wrapping) and its `maxima` by their
    /// maximum, in the same calls; every rank brings equally many. The maxima are valid even if a
    /// ``NonFiniteContribution`` is thrown, which happens on all ranks alike. Throws a `Failure` if the ranks
    /// disagree on the layout or a row did not receive all its units.
    package func finish(sums: inout [Int64], maxima: inout [Int32]) throws -> Sums {
        precondition(ready, "begin a step before finishing it")
        ready = false
        try exchangeExponents(&maxima)
        try refuseNonFinite()
        sumUnits()
        totals.append(contentsOf: sums)

        let start = MonotonicClock.seconds
        try communicator.allReduce(&totals, .sum)
        secondsCommunicating += MonotonicClock.seconds - start
        bytesPerStep =
            exponents.count * MemoryLayout<Int32>.stride + totals.count * MemoryLayout<Int64>.stride

        let rows = unitsPerRow.count
        for (row, expected) in unitsPerRow.enumerated() where totals[layout.count + row] != expected {
            throw Failure(
                .rank,
                "row \(row) of the sum received \(totals[layout.count + row]) units of work, expected \(expected)"
            )
        }
        try restoreFloats()
        let losses = (0..<rows).map {
            FixedLoss.decode(totals[layout.count + rows + $0], exponent: lossExponent($0))
        }
        sums = Array(totals[(layout.count + 2 * rows)...])
        return Sums(rows: resultRows, losses: losses)
    }

    /// Exchanges the step, with no numbers of the caller's own, and returns each row's sum.
    package func finish() throws -> [UnsafeBufferPointer<Float>] {
        var sums: [Int64] = []
        var maxima: [Int32] = []
        return try finish(sums: &sums, maxima: &maxima).rows
    }

    /// Bytes of the exponents of a step with so many maxima of the caller's; the rest of ``bytesPerStep`` are sums.
    package static func exponentBytes(_ layout: ReductionLayout, maxima: Int) -> Int {
        (2 + layout.groupCount + layout.rows.count + maxima) * MemoryLayout<Int32>.stride
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
        let start = MonotonicClock.seconds
        try communicator.allReduce(&exponents, .max)
        secondsWaiting += MonotonicClock.seconds - start
        for i in maxima.indices { maxima[i] = exponents[2 + layout.groupCount + layout.rows.count + i] }
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
        for row in layout.rows.indices where lossExponent(row) == FixedLoss.nonFinite {
            throw NonFiniteContribution(row: row, group: nil)
        }
    }

    private func lossExponent(_ row: Int) -> Int32 { exponents[2 + layout.groupCount + row] }

    private func sumUnits() {
        totals.removeAll(keepingCapacity: true)
        totals.append(contentsOf: repeatElement(0, count: layout.count + 2 * unitsPerRow.count))
        for (row, loss) in zip(keptRows, keptLosses) {
            totals[layout.count + unitsPerRow.count + row] &+=
                FixedLoss.encode(loss, exponent: lossExponent(row))
        }
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
