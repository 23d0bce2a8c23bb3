import Diagnostics

/// A sum of contributions whose bits depend neither on the number of ranks nor on the order of the
/// contributions.
///
/// Floating-point addition is not associative, so a sum of floats depends on the order of its terms. Integer
/// addition is: once every contribution has been rounded on its own to whole multiples of one quantum, any
/// grouping and any order give the same bits. The quantum is the finest for which the sum cannot overflow,
/// and depends only on the set of all contributions:
///
/// 1. Each (row, group) takes the largest exponent of all contributions' values, a maximum over the ranks.
///    Let |v| < 2^e be the bound it gives, and n the number of the row's contributions on all ranks.
/// 2. With L = ceil(log2 n) and k = 62 - L - e, each value v 2^k is rounded to the nearest integer, of
///    magnitude at most 2^(62 - L). The sum of n such integers is at most 2^62 and cannot overflow.
/// 3. The integers of all rows are summed over the ranks in one call.
/// 4. The sum times 2^-k is rounded once, to the nearest float.
///
/// The quantum 2^-k is at most 2^(L - 61) times the group's largest value M, so each contribution's error is
/// at most 2^(L - 62) M, and the error of the sum before step 4 at most n times that. A float has 24
/// significant bits, so a value v with |v| >= 2^(L - 38) M is a multiple of the quantum and is not rounded at
/// all: of 32 contributions, every value within a factor of 2^33 of the largest is summed without error.
///
/// Infinities and NaNs are detected in step 1, on every rank, before anything is summed.
///
/// Call ``begin(_:contributionsPerRow:)`` with the same arguments on all ranks, ``add(row:_:loss:)`` for each
/// contribution that this rank has computed, then ``finish(sums:maxima:)``. Buffers are reused across steps.
package final class ExactSum {
    private let communicator: any Communicator
    private var layout = ReductionLayout(rows: [])
    private var contributionsPerRow: [Int] = []
    /// The contributions' values, concatenated; their scale is known only in `finish`.
    private var values: [Float] = []
    /// The row of each contribution.
    private var rowOfContribution: [Int] = []
    private var lossOfContribution: [Double] = []
    /// A hash of the layout and its complement, each group's exponent, each row's loss exponent, the caller's
    /// maxima.
    private var exponents: [Int32] = []
    /// Each row's values, each row's number of contributions, each row's loss, the caller's sums.
    private var totals: [Int64] = []
    private var results = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    private var resultRows: [UnsafeBufferPointer<Float>] = []
    private var hasBegun = false

    /// The payload of the latest step, whether or not there are other ranks to send it to.
    package private(set) var bytesPerStep = 0
    /// Time of all steps until the last rank arrived: a measure of load imbalance.
    package private(set) var secondsWaiting = 0.0
    /// Time of all steps for the exchange of the sums.
    package private(set) var secondsCommunicating = 0.0

    package init(_ communicator: any Communicator) {
        self.communicator = communicator
    }

    deinit { results.deallocate() }

    /// Begins a step.
    ///
    /// All ranks pass the same layout and, for each row, the number of contributions on all ranks.
    package func begin(_ layout: ReductionLayout, contributionsPerRow: [Int]) {
        precondition(contributionsPerRow.count == layout.rows.count, "one count per row")
        precondition(
            contributionsPerRow.allSatisfy { (0...(1 << 32)).contains($0) },
            "a row has 0 to 2^32 contributions")
        if layout != self.layout { adopt(layout) }
        self.contributionsPerRow = contributionsPerRow
        values.removeAll(keepingCapacity: true)
        rowOfContribution.removeAll(keepingCapacity: true)
        lossOfContribution.removeAll(keepingCapacity: true)
        exponents.removeAll(keepingCapacity: true)
        let agreement = agreementWord()
        exponents.append(agreement)
        exponents.append(~agreement)
        exponents.append(contentsOf: repeatElement(0, count: layout.groupCount + layout.rows.count))
        hasBegun = true
    }

    /// Adds a contribution to a row, and its loss to the row's loss.
    ///
    /// The values are copied.
    package func add(row: Int, _ values: UnsafeBufferPointer<Float>, loss: Double = 0) {
        precondition(hasBegun, "begin a step before adding to it")
        precondition(values.count == layout.rowLengths[row], "a contribution has its row's length")
        rowOfContribution.append(row)
        lossOfContribution.append(loss)
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
        self.values.append(contentsOf: values)
    }

    /// The sums of a step.
    package struct Sums {
        /// By row; valid until the next step begins.
        package let rows: [UnsafeBufferPointer<Float>]
        /// By row.
        package let losses: [Double]
    }

    /// Sums the contributions of all ranks.
    ///
    /// Its two collectives also replace the caller's `sums` by their sum over the ranks (wrapping) and its
    /// `maxima` by their maximum; every rank must pass equally many. Throws ``NonFiniteContribution`` on all
    /// ranks alike, with valid maxima, or a `Failure` if the ranks disagree on the layout or a row lacks
    /// contributions.
    package func finish(sums: inout [Int64], maxima: inout [Int32]) throws -> Sums {
        precondition(hasBegun, "begin a step before finishing it")
        hasBegun = false
        try exchangeExponents(&maxima)
        try checkFinite()
        sumContributions()
        totals.append(contentsOf: sums)

        let start = MonotonicClock.seconds
        try communicator.allReduce(&totals, .sum)
        secondsCommunicating += MonotonicClock.seconds - start
        bytesPerStep =
            exponents.count * MemoryLayout<Int32>.stride + totals.count * MemoryLayout<Int64>.stride

        let rows = contributionsPerRow.count
        for (row, expected) in contributionsPerRow.enumerated() where totals[layout.count + row] != expected {
            let found = totals[layout.count + row]
            throw Failure(
                .rank, "row \(row) of the sum received \(found) contributions, expected \(expected)")
        }
        try restoreFloats()
        let losses = (0..<rows).map {
            FixedLoss.decode(totals[layout.count + rows + $0], exponent: lossExponent($0))
        }
        sums = Array(totals[(layout.count + 2 * rows)...])
        return Sums(rows: resultRows, losses: losses)
    }

    /// Like ``finish(sums:maxima:)``, without sums and maxima of the caller; returns each row's sum.
    package func finish() throws -> [UnsafeBufferPointer<Float>] {
        var sums: [Int64] = []
        var maxima: [Int32] = []
        return try finish(sums: &sums, maxima: &maxima).rows
    }

    /// The bytes of a step's first exchange; the rest of ``bytesPerStep`` belongs to the second.
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

    /// A hash of the layout and the numbers of contributions.
    private func agreementWord() -> Int32 {
        var hash = FNV1a()
        for (row, groups) in layout.rows.enumerated() {
            hash.combine(UInt64(contributionsPerRow[row]))
            for length in groups { hash.combine(UInt64(length)) }
        }
        return Int32(truncatingIfNeeded: hash.value ^ (hash.value >> 32))
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

    private func checkFinite() throws {
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

    private func sumContributions() {
        totals.removeAll(keepingCapacity: true)
        totals.append(contentsOf: repeatElement(0, count: layout.count + 2 * contributionsPerRow.count))
        for (row, loss) in zip(rowOfContribution, lossOfContribution) {
            totals[layout.count + contributionsPerRow.count + row] &+=
                FixedLoss.encode(loss, exponent: lossExponent(row))
        }
        totals.withUnsafeMutableBufferPointer { totals in
            values.withUnsafeBufferPointer { values in
                guard let target = totals.baseAddress else { return }
                var read = 0
                for row in rowOfContribution {
                    target[layout.count + row] &+= 1
                    var write = layout.rowStarts[row]
                    for (group, length) in layout.rows[row].enumerated() {
                        if let source = values.baseAddress {
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
            largestExponent: exponents[2 + layout.groupStarts[row] + group], terms: contributionsPerRow[row])
    }
}
