import Foundation
import Synchronization

/// A page that the ranks of a host share: each publishes where it is, and all can read where the others are.
///
/// A rank writes its own slot by plain atomic stores, which cost nanoseconds. The words of a slot can belong to
/// different moments, but one that was written lately always makes the slot look alive.
package final class RankBoard: @unchecked Sendable {
    /// The words of a slot.
    private enum Word: Int, CaseIterable {
        case rank, process, phase, step, unit, calls, isInCall, since, beat, isSaving, stopRequested
    }

    private static let phases = RankPhase.allCases.count
    /// Where a slot's longest marks and its longest rounds begin, phase by phase.
    private static let marks = Word.allCases.count, rounds = marks + phases
    /// The slot's words, the longest marks, the longest rounds; whole cache lines.
    private static let stride = (rounds + phases + 7) / 8 * 8
    /// The words before the first slot: which call was warned about, which call's stall ended the job.
    private static let header = 8

    /// Keeps the words' memory.
    private let memory: AnyObject?
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many ranks have a slot.
    package let count: Int

    /// How many bytes a board of so many ranks takes.
    package static func byteCount(_ count: Int) -> Int {
        (header + count * stride) * MemoryLayout<Atomic<UInt64>>.stride
    }

    /// A board in memory of zeros that is shared; `memory` keeps it.
    package init(_ bytes: UnsafeMutableRawBufferPointer, memory: AnyObject?, count: Int) {
        precondition(bytes.count >= Self.byteCount(count), "too little memory for \(count) ranks")
        guard let base = bytes.baseAddress else { preconditionFailure("a board has memory") }
        words = base.bindMemory(to: Atomic<UInt64>.self, capacity: Self.header + count * Self.stride)
        self.memory = memory
        self.count = count
    }

    /// A board that only this process sees, for as long as the process lives.
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

    /// Puts a rank on its slot.
    package func begin(_ slot: Int, rank: Int, process: Int32, at now: Double) {
        store(slot, .rank, rank)
        store(slot, .process, Int(process))
        store(slot, Word.since.rawValue, now.bitPattern)
        store(slot, Word.beat.rawValue, now.bitPattern)
    }

    package func enter(_ slot: Int, _ phase: RankPhase, step: Int, at now: Double) {
        store(slot, .phase, Int(phase.rawValue))
        store(slot, .step, step)
        store(slot, .unit, 0)
        store(slot, Word.since.rawValue, now.bitPattern)
    }

    package func enter(_ slot: Int, unit: Int, at now: Double) {
        store(slot, .unit, unit)
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

    /// Says that the rank's process runs at all.
    package func beat(_ slot: Int, stopRequested: Bool, at now: Double) {
        store(slot, Word.beat.rawValue, now.bitPattern)
        store(slot, .stopRequested, stopRequested ? 1 : 0)
    }

    package func setSaving(_ slot: Int, _ isSaving: Bool) { store(slot, .isSaving, isSaving ? 1 : 0) }

    /// Keeps how long a rank took, at most, from one sign of progress to the next in a phase.
    package func setMark(_ slot: Int, _ phase: RankPhase, _ length: Double) {
        store(slot, Self.marks + Int(phase.rawValue), length.bitPattern)
    }

    /// Keeps how long a rank waited, or worked between two collectives, at most in a phase.
    package func setRound(_ slot: Int, _ phase: RankPhase, _ length: Double) {
        store(slot, Self.rounds + Int(phase.rawValue), length.bitPattern)
    }

    // MARK: Reading

    /// Where a rank is.
    package func snapshot(_ slot: Int) -> RankSnapshot {
        RankSnapshot(
            rank: load(slot, .rank), process: Int32(truncatingIfNeeded: load(slot, .process)),
            phase: RankPhase(rawValue: load(slot, Word.phase.rawValue)) ?? .startUp, step: load(slot, .step),
            unit: load(slot, .unit), calls: load(slot, .calls), isInCall: load(slot, .isInCall) == 1,
            since: seconds(slot, Word.since.rawValue), beat: seconds(slot, Word.beat.rawValue),
            isSaving: load(slot, .isSaving) == 1)
    }

    /// Where all ranks of the host are.
    package var snapshots: [RankSnapshot] { (0..<count).map(snapshot) }

    /// Whether some rank of the host was asked to stop.
    package var isStopRequested: Bool { (0..<count).contains { load($0, .stopRequested) == 1 } }

    /// A rank's longest time from one sign of progress to the next in a phase; 0 before the first.
    package func mark(_ slot: Int, _ phase: RankPhase) -> Double {
        seconds(slot, Self.marks + Int(phase.rawValue))
    }

    /// A rank's longest round of a phase; 0 before the first.
    package func round(_ slot: Int, _ phase: RankPhase) -> Double {
        seconds(slot, Self.rounds + Int(phase.rawValue))
    }

    /// The longest time from one sign of progress to the next in a phase, over the ranks; nil before the first.
    package func longestMark(_ phase: RankPhase) -> Double? { longest(Self.marks + Int(phase.rawValue)) }

    /// The longest round of a phase, over the ranks; nil before the first.
    package func longestRound(_ phase: RankPhase) -> Double? { longest(Self.rounds + Int(phase.rawValue)) }

    private func longest(_ offset: Int) -> Double? {
        let longest = (0..<count).map { seconds($0, offset) }.max() ?? 0
        return longest > 0 ? longest : nil
    }

    // MARK: Who speaks

    /// Whether this caller is the first of the host to warn about a call.
    package func claimWarning(call: Int) -> Bool { claim(0, call) }

    /// Whether this caller is the first of the host to end the job.
    package func claimEnd() -> Bool { claim(1, 1) }

    private func claim(_ word: Int, _ number: Int) -> Bool {
        let wanted = UInt64(number)
        let found = words[word].load(ordering: .relaxed)
        if found >= wanted { return false }
        return words[word].compareExchange(expected: found, desired: wanted, ordering: .relaxed).exchanged
    }
}

/// Where a rank was when its slot was read.
package struct RankSnapshot: Equatable, Sendable {
    /// The rank in its world, and its process.
    package var rank: Int, process: Int32
    /// The phase, how many steps were taken before it, and the unit of work, from 1.
    package var phase: RankPhase, step: Int, unit: Int
    /// How many collectives it has come to, and whether it is in the last of them.
    package var calls: Int, isInCall: Bool
    /// When it last made progress.
    package var since: Double
    /// When its process last ran.
    package var beat: Double
    /// Whether it saves the state before the job ends.
    package var isSaving = false

    package init(
        rank: Int, process: Int32, phase: RankPhase, step: Int, unit: Int, calls: Int, isInCall: Bool,
        since: Double, beat: Double, isSaving: Bool = false
    ) {
        self.rank = rank
        self.process = process
        self.phase = phase
        self.step = step
        self.unit = unit
        self.calls = calls
        self.isInCall = isInCall
        self.since = since
        self.beat = beat
        self.isSaving = isSaving
    }

    /// Its place in the run, in words.
    package var place: String { phase.words(step: step, unit: unit) }
    /// The place of the collective that it is in.
    package var callPlace: String { phase.words(step: step, unit: 0) }
}
