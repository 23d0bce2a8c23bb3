import Foundation
import Synchronization

/// A page of memory on which the ranks of a node publish their progress to one another.
///
/// A rank updates its own slot by relaxed atomic stores, which cost nanoseconds. A reader may see words from
/// different moments, but any recent store makes the slot look alive.
///
/// An *interval* is the time between two signs of progress of a rank; a *round* is the time it waits in a
/// collective, or works between two. The board keeps the longest of each per rank and phase.
package final class RankBoard: @unchecked Sendable {
    /// The words of a slot.
    private enum Word: Int, CaseIterable {
        case rank, process, phase, step, microBatch, calls, isInCall, since, beat, isSaving, stopRequested,
            group, warnedCall
    }

    private static let phases = RankPhase.allCases.count
    /// Offsets in a slot of the longest intervals and the longest rounds, one word per phase.
    private static let intervals = Word.allCases.count, rounds = intervals + phases
    /// Words per slot, rounded up to whole cache lines.
    private static let stride = (rounds + phases + 7) / 8 * 8
    /// Words before the first slot: whether the job is being ended.
    private static let header = 8

    /// Owns the memory of `words`.
    private let memory: AnyObject?
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// The number of slots, one per rank.
    package let count: Int

    /// The bytes that a board for `count` ranks needs.
    package static func byteCount(_ count: Int) -> Int {
        (header + count * stride) * MemoryLayout<Atomic<UInt64>>.stride
    }

    /// A board in zeroed shared memory owned by `memory`.
    package init(_ bytes: UnsafeMutableRawBufferPointer, memory: AnyObject?, count: Int) {
        precondition(bytes.count >= Self.byteCount(count), "too little memory for \(count) ranks")
        guard let base = bytes.baseAddress else { preconditionFailure("a board has memory") }
        words = base.bindMemory(to: Atomic<UInt64>.self, capacity: Self.header + count * Self.stride)
        self.memory = memory
        self.count = count
    }

    /// A board private to this process, never freed.
    package convenience init(count: Int) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.byteCount(count), alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        self.init(bytes, memory: nil, count: count)
    }

    // MARK: Words

    private func load(_ slot: Int, _ offset: Int) -> UInt64 {
        words[Self.header + slot * Self.stride + offset].load(ordering: .relaxed)
    }

    private func store(_ slot: Int, _ offset: Int, _ value: UInt64) {
        words[Self.header + slot * Self.stride + offset].store(value, ordering: .relaxed)
    }

    private func load(_ slot: Int, _ word: Word) -> Int { Int(truncatingIfNeeded: load(slot, word.rawValue)) }

    private func store(_ slot: Int, _ word: Word, _ value: Int) {
        store(slot, word.rawValue, UInt64(truncatingIfNeeded: value))
    }

    private func seconds(_ slot: Int, _ offset: Int) -> Double { Double(bitPattern: load(slot, offset)) }

    // MARK: Writing

    /// Assigns a slot to a rank.
    package func begin(_ slot: Int, rank: Int, process: Int32, at now: Double) {
        store(slot, .rank, rank)
        store(slot, .process, Int(process))
        store(slot, Word.since.rawValue, now.bitPattern)
        store(slot, Word.beat.rawValue, now.bitPattern)
    }

    package func enter(_ slot: Int, _ phase: RankPhase, step: Int, at now: Double) {
        store(slot, .phase, Int(phase.rawValue))
        store(slot, .step, step)
        store(slot, .microBatch, 0)
        store(slot, Word.since.rawValue, now.bitPattern)
    }

    package func enter(_ slot: Int, microBatch: Int, at now: Double) {
        store(slot, .microBatch, microBatch)
        store(slot, Word.since.rawValue, now.bitPattern)
    }

    package func arrive(_ slot: Int, call: Int, at now: Double) {
        store(slot, Word.since.rawValue, now.bitPattern)
        store(slot, .calls, call)
        store(slot, .isInCall, 1)
    }

    package func leave(_ slot: Int, at now: Double) {
        store(slot, Word.since.rawValue, now.bitPattern)
        store(slot, .isInCall, 0)
    }

    /// Records that the rank's process is running.
    package func beat(_ slot: Int, stopRequested: Bool, at now: Double) {
        store(slot, Word.beat.rawValue, now.bitPattern)
        store(slot, .stopRequested, stopRequested ? 1 : 0)
    }

    package func setSaving(_ slot: Int, _ isSaving: Bool) { store(slot, .isSaving, isSaving ? 1 : 0) }

    package func setGroup(_ slot: Int, _ group: RankGroup) { store(slot, .group, group.word) }

    /// Sets a rank's longest interval in a phase.
    package func setInterval(_ slot: Int, _ phase: RankPhase, _ length: Double) {
        store(slot, Self.intervals + Int(phase.rawValue), length.bitPattern)
    }

    /// Sets a rank's longest round in a phase.
    package func setRound(_ slot: Int, _ phase: RankPhase, _ length: Double) {
        store(slot, Self.rounds + Int(phase.rawValue), length.bitPattern)
    }

    // MARK: Reading

    package func snapshot(_ slot: Int) -> RankSnapshot {
        RankSnapshot(
            rank: load(slot, .rank), process: Int32(truncatingIfNeeded: load(slot, .process)),
            phase: RankPhase(rawValue: load(slot, Word.phase.rawValue)) ?? .startUp, step: load(slot, .step),
            microBatch: load(slot, .microBatch), calls: load(slot, .calls),
            isInCall: load(slot, .isInCall) == 1,
            since: seconds(slot, Word.since.rawValue), beat: seconds(slot, Word.beat.rawValue),
            isSaving: load(slot, .isSaving) == 1, group: RankGroup(word: load(slot, .group)))
    }

    /// Snapshots of all ranks of the node, by slot.
    package var snapshots: [RankSnapshot] { (0..<count).map(snapshot) }

    /// Whether any rank of the node has received a request to stop.
    package var isStopRequested: Bool { (0..<count).contains { load($0, .stopRequested) == 1 } }

    /// A rank's longest interval in a phase; 0 before the first.
    package func interval(_ slot: Int, _ phase: RankPhase) -> Double {
        seconds(slot, Self.intervals + Int(phase.rawValue))
    }

    /// A rank's longest round in a phase; 0 before the first.
    package func round(_ slot: Int, _ phase: RankPhase) -> Double {
        seconds(slot, Self.rounds + Int(phase.rawValue))
    }

    /// The longest interval of all ranks in a phase; nil before the first.
    package func longestInterval(_ phase: RankPhase) -> Double? {
        longest(Self.intervals + Int(phase.rawValue))
    }

    /// The longest round of all ranks in a phase; nil before the first.
    package func longestRound(_ phase: RankPhase) -> Double? { longest(Self.rounds + Int(phase.rawValue)) }

    private func longest(_ offset: Int) -> Double? {
        let longest = (0..<count).map { seconds($0, offset) }.max() ?? 0
        return longest > 0 ? longest : nil
    }

    // MARK: Claims

    /// True for the first caller of the node's ranks in a group that warns about a call of the group.
    package func claimWarning(call: Int, of group: RankGroup) -> Bool {
        guard let first = snapshots.firstIndex(where: { $0.group == group }) else { return true }
        return claim(Self.header + first * Self.stride + Word.warnedCall.rawValue, call)
    }

    /// True for the first caller on the node that ends the job.
    package func claimEnd() -> Bool { claim(0, 1) }

    private func claim(_ word: Int, _ number: Int) -> Bool {
        let wanted = UInt64(number)
        let found = words[word].load(ordering: .relaxed)
        if found >= wanted { return false }
        return words[word].compareExchange(expected: found, desired: wanted, ordering: .relaxed).exchanged
    }
}
