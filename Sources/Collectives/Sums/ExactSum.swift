import Diagnostics

/// A sum of contributions whose bits depend neither on the number of ranks nor on the order of the
/// contributions.
///
/// Floating-point addition is not associative, so a sum of floats depends on the order of its terms. Integer
/// addition is: once every contribution has been rounded on its own to whole multiples of one quantum, any
/// grouping and any order give the same bits. The quantum is the finest for which the sum cannot overflow,
/// and depends only on the set of all contributions:
///
/// 1. Each block takes the largest exponent of all contributions' values, a maximum over its rows and over
///    the ranks. Let |v| < 2^e be the bound it gives, and n the number of contributions to all rows of the
///    block, on all ranks.
/// 2. With L = ceil(log2 n) and k = 62 - L - e, each value v 2^k is rounded to the nearest integer, of
///    magnitude at most 2^(62 - L). The sum of n such integers is at most 2^62 and cannot overflow.
/// 3. The integers of all rows are summed over the ranks in one call.
/// 4. The sum times 2^-k is rounded once, to the nearest float: for each row, and for all rows of a block.
///
/// Since the rows of a block have one quantum, their joint sum has the same bits whether they are added after
/// step 3, or before it as ``ReductionLayout/isSummed`` asks, which sends a block once instead of once a row.
///
/// The quantum 2^-k is at most 2^(L - 61) times the block's largest value M, so each contribution's error is
/// at most 2^(L - 62) M, and the error of the sum before step 4 at most n times that. A float has 24
/// significant bits, so a value v with |v| >= 2^(L - 38) M is a multiple of the quantum and is not rounded at
/// all: of 32 contributions, every value within a factor of 2^33 of the largest is summed without error.
///
/// Infinities and NaNs are detected in step 1, on every rank, before anything is summed.
///
/// Call ``begin(_:contributionsPerRow:)`` with the same arguments on all ranks, ``add(row:_:scalars:)`` for
/// each contribution that this rank has computed, then ``finish(sums:maxima:)``. Buffers are reused across
/// steps.
package final class ExactSum {
    private let communicator: any Communicator
    private var layout = ReductionLayout(rows: [])
    private var contributionsPerRow: [Int] = []
    /// The contributions' values, concatenated; their scale is known only in `finish`.
    private var values: [Float] = []
    /// The row of each contribution.
    private var rowOfContribution: [Int] = []
    /// The contributions' scalars, concatenated.
    private var scalars: [Double] = []
    /// A hash of the layout and its complement, each group's exponent, each scalar's exponent, the caller's
    /// maxima.
    private var exponents: [Int32] = []
    /// The scale 2^k of each block, as k.
    private var powers: [Int] = []
    /// The values that travel, each row's number of contributions, each scalar, the caller's sums.
    private var totals: [Int64] = []
    private var results = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    /// The joint sum of one block of several rows.
    private var jointSum: [Int64] = []
    private var hasBegun = false

    /// The payload of the latest step, whether or not there are other ranks to send it to.
    package private(set) var bytesPerStep = 0

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
        scalars.removeAll(keepingCapacity: true)
        exponents.removeAll(keepingCapacity: true)
        let agreement = agreementWord()
        exponents.append(agreement)
        exponents.append(~agreement)
        exponents.append(contentsOf: repeatElement(0, count: layout.groupCount + layout.scalarCount))
        hasBegun = true
    }

    /// Adds a contribution to a row, and its scalars, such as its loss, to the row's.
    ///
    /// The values are copied.
    package func add(row: Int, _ values: UnsafeBufferPointer<Float>, scalars: [Double] = []) {
        precondition(hasBegun, "begin a step before adding to it")
        precondition(values.count == layout.rowLengths[row], "a contribution has its row's length")
        precondition(scalars.count == layout.scalars[row], "a contribution has its row's scalars")
        rowOfContribution.append(row)
        self.scalars.append(contentsOf: scalars)
        for (scalar, value) in scalars.enumerated() {
            let slot = scalarSlot(row, scalar)
            exponents[slot] = max(exponents[slot], FixedScalar.exponent(value))
        }
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

    /// The sums of a step; floats are valid until the next step begins.
    package struct Sums {
        /// By row; empty if the rows were added before they travelled.
        package let rows: [UnsafeBufferPointer<Float>]
        /// By block, over all its rows.
        package let blocks: [UnsafeBufferPointer<Float>]
        /// By row.
        package let scalars: [[Double]]
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

        try communicator.allReduce(&totals, .sum)
        bytesPerStep =
            exponents.count * MemoryLayout<Int32>.stride + totals.count * MemoryLayout<Int64>.stride

        for (row, expected) in contributionsPerRow.enumerated() where totals[layout.count + row] != expected {
            let found = totals[layout.count + row]
            throw Failure(
                .rank, "row \(row) of the sum received \(found) contributions, expected \(expected)")
        }
        try restoreFloats()
        sums = Array(totals[(scalarsStart + layout.scalarCount)...])
        return Sums(rows: rowSums, blocks: blockSums, scalars: scalarSums)
    }

    /// Like ``finish(sums:maxima:)``, without sums and maxima of the caller; returns each row's sum.
    package func finish() throws -> [UnsafeBufferPointer<Float>] {
        var sums: [Int64] = []
        var maxima: [Int32] = []
        return try finish(sums: &sums, maxima: &maxima).rows
    }

    /// The bytes of a step's first exchange; the rest of ``bytesPerStep`` belongs to the second.
    package static func exponentBytes(_ layout: ReductionLayout, maxima: Int) -> Int {
        (2 + layout.groupCount + layout.scalarCount + maxima) * MemoryLayout<Int32>.stride
    }

    private func adopt(_ layout: ReductionLayout) {
        self.layout = layout
        if results.count < layout.resultCount {
            results.deallocate()
            results = .allocate(capacity: layout.resultCount)
            results.initialize(repeating: 0)
        }
    }

    /// A hash of the layout and the numbers of contributions.
    private func agreementWord() -> Int32 {
        var hash = FNV1a()
        for (row, groups) in layout.rows.enumerated() {
            hash.combine(UInt64(contributionsPerRow[row]))
            hash.combine(UInt64(layout.scalars[row]))
            for (length, block) in zip(groups, layout.blocks[row]) {
                hash.combine(UInt64(length))
                hash.combine(UInt64(block))
            }
        }
        hash.combine(layout.isSummed ? 1 : 0)
        return Int32(truncatingIfNeeded: hash.value ^ (hash.value >> 32))
    }

    private func exchangeExponents(_ maxima: inout [Int32]) throws {
        let agreement = exponents[0]
        exponents.append(contentsOf: maxima)
        try communicator.allReduce(&exponents, .max)
        let first = 2 + layout.groupCount + layout.scalarCount
        for i in maxima.indices { maxima[i] = exponents[first + i] }
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
        for (row, count) in layout.scalars.enumerated() {
            for scalar in 0..<count where exponents[scalarSlot(row, scalar)] == FixedScalar.nonFinite {
                throw NonFiniteContribution(row: row, group: nil)
            }
        }
    }

    /// The place of a scalar's exponent.
    private func scalarSlot(_ row: Int, _ scalar: Int) -> Int {
        2 + layout.groupCount + layout.scalarStarts[row] + scalar
    }

    /// The place of the first scalar among the totals.
    private var scalarsStart: Int { layout.count + contributionsPerRow.count }

    private func sumContributions() {
        powers = layout.groups.map { groups in
            FixedPoint.scalePower(
                largestExponent: groups.map { exponents[2 + layout.groupStarts[$0.row] + $0.group] }.max()
                    ?? 0,
                terms: groups.reduce(0) { $0 + contributionsPerRow[$1.row] })
        }
        totals.removeAll(keepingCapacity: true)
        totals.append(contentsOf: repeatElement(0, count: scalarsStart + layout.scalarCount))
        var next = 0
        for row in rowOfContribution {
            for scalar in 0..<layout.scalars[row] {
                totals[scalarsStart + layout.scalarStarts[row] + scalar] &+=
                    FixedScalar.encode(scalars[next], exponent: exponents[scalarSlot(row, scalar)])
                next += 1
            }
        }
        totals.withUnsafeMutableBufferPointer { totals in
            values.withUnsafeBufferPointer { values in
                guard let target = totals.baseAddress else { return }
                var read = 0
                for row in rowOfContribution {
                    target[layout.count + row] &+= 1
                    for (group, length) in layout.rows[row].enumerated() {
                        if let source = values.baseAddress {
                            FixedPoint.accumulate(
                                source + read, count: length, power: powers[layout.blocks[row][group]],
                                into: target + layout.offsets[row][group])
                        }
                        read += length
                    }
                }
            }
        }
    }

    private func restoreFloats() throws {
        try totals.withUnsafeBufferPointer { totals in
            guard let source = totals.baseAddress, let target = results.baseAddress else { return }
            func restore(_ integers: UnsafePointer<Int64>, _ place: ReductionLayout.Place, at offset: Int)
                throws
            {
                let block = layout.blocks[place.row][place.group]
                let isFinite = FixedPoint.restore(
                    integers, count: layout.length(block), power: powers[block], into: target + offset)
                guard isFinite else { throw NonFiniteContribution(row: place.row, group: place.group) }
            }
            for (block, groups) in layout.groups.enumerated() {
                let start = layout.blockOffsets[block]
                if layout.isSummed {
                    try restore(source + start, groups[0], at: start)
                    continue
                }
                for place in groups {
                    let offset = layout.offsets[place.row][place.group]
                    try restore(source + offset, place, at: offset)
                }
                if groups.count > 1 {
                    addRows(of: groups, layout.length(block), source)
                    try restore(jointSum, groups[0], at: start)
                }
            }
        }
    }

    /// Sets the joint sum to that of a block's groups.
    private func addRows(
        of groups: [ReductionLayout.Place], _ length: Int, _ totals: UnsafePointer<Int64>
    ) {
        jointSum.removeAll(keepingCapacity: true)
        jointSum.append(contentsOf: repeatElement(0, count: length))
        for place in groups {
            let source = totals + layout.offsets[place.row][place.group]
            for i in 0..<length { jointSum[i] &+= source[i] }
        }
    }

    private var rowSums: [UnsafeBufferPointer<Float>] {
        if layout.isSummed { return [] }
        return zip(layout.offsets, layout.rowLengths).map { offsets, length in
            let start = offsets.first ?? 0
            return UnsafeBufferPointer(rebasing: results[start..<start + length])
        }
    }

    private var blockSums: [UnsafeBufferPointer<Float>] {
        layout.blockOffsets.enumerated().map { block, start in
            UnsafeBufferPointer(rebasing: results[start..<start + layout.length(block)])
        }
    }

    private var scalarSums: [[Double]] {
        layout.scalars.enumerated().map { row, count in
            (0..<count).map { scalar in
                FixedScalar.decode(
                    totals[scalarsStart + layout.scalarStarts[row] + scalar],
                    exponent: exponents[scalarSlot(row, scalar)])
            }
        }
    }
}
