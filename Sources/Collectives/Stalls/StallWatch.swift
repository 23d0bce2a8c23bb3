import Diagnostics
import Foundation
import Synchronization

/// Whoever keeps what a stalled job should not lose; only rank 0 has one.
///
/// It is called from the watch's thread, while the rank's own thread is held inside a collective.
package protocol StallListener: AnyObject {
    /// Takes note of a stall.
    func note(stall: String)

    /// Saves the state before the step under way, without collectives.
    ///
    /// - Returns: how many steps that state has taken; nil where there is none to save yet
    func saveBeforeStall() throws -> Int?
}

/// Sees to it that no rank waits for ever for one that does not come.
///
/// Every rank publishes on its host's ``RankBoard`` where it is. A thread of each rank, which never calls MPI, looks at
/// the board a few times a second while its rank waits in a collective. Past the first limit it names the rank that is
/// behind; past the second, rank 0 saves the state before the step, and the job ends with exit code 5. That works
/// whatever the waiting thread is blocked in, also when rank 0 is behind, a host is gone or the network is cut.
///
/// The marks are made by the thread that makes the collective calls.
package final class StallWatch: @unchecked Sendable {
    private let rank: Int
    private let hosts: RankHosts
    private let board: RankBoard
    private let slot: Int
    private let limits = Mutex(StallLimits())
    /// Whoever keeps the state; set and called only while the other thread is kept out.
    private weak var listener: (any StallListener)?

    /// Who may touch the run's state: its own thread while it computes, the watch's while that one is in a collective.
    private let gate = Atomic<Int>(Gate.running)

    private enum Gate {
        static let running = 0
        static let inCall = 1
        static let held = 2
    }

    // Of the rank's own thread.
    private var fault: StallFault?
    private var calls = 0
    private var phase = RankPhase.startUp
    private var step = 0
    private var since: Double
    private var leftAt: Double

    /// Held while the watch looks.
    private let looking = Mutex(())
    // Of whoever holds it.
    private var spoke: (call: Int, report: StallReport, since: Double)?
    private var noted = 0
    private var askedAt: Double?
    private var failedToStop = false

    private static let seconds = 0.25
    /// How long a stop request waits for a rank that is behind, in seconds.
    private static let stopPatience = 10.0

    init(rank: Int, hosts: RankHosts, board: RankBoard, slot: Int) {
        self.rank = rank
        self.hosts = hosts
        self.board = board
        self.slot = slot
        fault = StallFault(ProcessInfo.processInfo.environment, rank: rank)
        since = MonotonicClock.seconds
        leftAt = since
        board.begin(slot, rank: rank, process: getpid(), at: since)
    }

    /// Starts watching a world; all ranks must call it.
    ///
    /// A lone rank waits for nobody, and has no watch.
    static func start(_ world: MPICommunicator) throws -> StallWatch? {
        guard world.size > 1 else { return nil }
        let host = try world.nodeCommunicator()
        var hosts = try RankHosts.gathered(world, host)
        var (board, slot) = (RankBoard(count: 1), 0)
        let made = try NodeMemory.make(
            byteCount: RankBoard.byteCount(host.size), in: nil, named: "hadamesh-ranks", among: host)
        if case .success(let memory) = made {
            (board, slot) = (RankBoard(memory.bytes, memory: memory, count: host.size), host.rank)
        } else {
            hosts = hosts.seen(alone: world.rank)
        }
        let watch = StallWatch(rank: world.rank, hosts: hosts, board: board, slot: slot)
        // Until every rank is on the board, an empty slot would pass for one that is behind.
        try host.barrier()
        let thread = Thread {
            while true {
                watch.looking.withLock { _ in watch.look() }
                usleep(UInt32(seconds * 1e6))
            }
        }
        thread.name = "stall watch"
        thread.start()
        watch.enter(.startUp, step: 0)
        return watch
    }

    /// The name of a rank's host.
    package func host(of rank: Int) -> String { hosts.name(of: rank) }

    // MARK: Marks

    /// From now on these limits hold.
    package func use(_ limits: StallLimits) { self.limits.withLock { $0 = limits } }

    /// From now on the listener is told of stalls, until it is gone.
    package func tell(_ listener: any StallListener) { self.listener = listener }

    /// The rank enters a phase, after so many steps.
    package func enter(_ phase: RankPhase, step: Int) {
        let now = MonotonicClock.seconds
        learn(.mark, now - since)
        since = now
        self.phase = phase
        self.step = step
        board.enter(slot, phase, step: step, at: now)
        if let fault, fault.isDue(phase, step: step) {
            self.fault = nil
            raise(SIGSTOP)
        }
    }

    /// The rank begins its next unit of work, counted from 1.
    package func enter(unit: Int) {
        let now = MonotonicClock.seconds
        learn(.mark, now - since)
        since = now
        board.enter(slot, unit: unit, at: now)
    }

    /// The job ends well: a rank that was said to be behind is no longer.
    func settle() { looking.withLock { _ in goOn(MonotonicClock.seconds) } }

    /// The rank comes to a collective.
    func arrive(at now: Double) {
        learn(.mark, now - since)
        learn(.round, now - leftAt)
        since = now
        calls += 1
        board.arrive(slot, call: calls, at: now)
        gate.store(Gate.inCall, ordering: .releasing)
    }

    /// The rank leaves a collective.
    func leave(at now: Double) {
        while !gate.compareExchange(expected: Gate.inCall, desired: Gate.running, ordering: .acquiring)
            .exchanged
        {
            usleep(1000)
        }
        learn(.round, now - since)
        since = now
        leftAt = now
        board.leave(slot, at: now)
    }

    private enum Length { case mark, round }

    /// Learns from how long something took, unless that was a stall.
    private func learn(_ kind: Length, _ length: Double) {
        let own = kind == .mark ? board.mark(slot, phase) : board.round(slot, phase)
        guard length > own else { return }
        let known = kind == .mark ? board.longestMark(phase) : board.longestRound(phase)
        if let warn = limits.withLock({ $0.seconds(phase, slowest: known).warn }), length > warn { return }
        if kind == .mark {
            board.setMark(slot, phase, length)
        } else {
            board.setRound(slot, phase, length)
        }
    }

    // MARK: Looking

    private func look() {
        let now = MonotonicClock.seconds
        board.beat(slot, stopRequested: StopSignal.requested, at: now)
        guard let diagnosis = StallDiagnosis(board.snapshots, slot: slot, now: now) else {
            return goOn(now)
        }
        if let spoke, spoke.call != diagnosis.waiter.calls { goOn(now) }
        if board.isStopRequested { askedAt = askedAt ?? now }
        let limits = limits(for: diagnosis)
        if let askedAt, !failedToStop {
            let patience = min(Self.stopPatience, limits.warn ?? .infinity)
            if rank == 0, now - askedAt >= patience, diagnosis.seconds >= patience { stop(diagnosis) }
        }
        if let stop = limits.stop, diagnosis.seconds >= stop {
            end(diagnosis, over: diagnosis.seconds - stop, limit: stop)
        } else if let warn = limits.warn, diagnosis.seconds >= warn {
            self.warn(diagnosis, limits)
        }
    }

    /// The limits that hold for whoever is behind.
    ///
    /// Ranks of this host show each sign of progress; ranks of others only that they come to a collective. Where rank 0
    /// is on another host, the job ends no earlier than that rank, which can save the state, would end it.
    private func limits(for diagnosis: StallDiagnosis) -> (warn: Double?, stop: Double?) {
        let limits = limits.withLock { $0 }
        let phase = diagnosis.waiter.phase
        let unseen = limits.seconds(phase, slowest: board.longestRound(phase))
        guard let behind = diagnosis.behind else { return unseen }
        let seen = limits.seconds(behind.phase, slowest: board.longestMark(behind.phase))
        guard !hosts.isFirst, let stop = seen.stop, let savedBy = unseen.stop else { return seen }
        return (seen.warn, max(stop, savedBy))
    }

    private func report(_ diagnosis: StallDiagnosis) -> StallReport {
        StallReport(
            diagnosis: diagnosis, hosts: hosts, process: diagnosis.behind.map { ProcessState.of($0.process) })
    }

    // MARK: The first limit

    private func warn(_ diagnosis: StallDiagnosis, _ limits: (warn: Double?, stop: Double?)) {
        let call = diagnosis.waiter.calls
        guard noted != call else { return }
        if diagnosis.behind == nil {
            // The host where the rank is behind names it; without a word from there the first host speaks, a little later.
            guard hosts.isFirst, diagnosis.seconds >= 1.1 * (limits.warn ?? 0) else { return }
        }
        noted = call
        let speaks = board.claimWarning(call: call)
        guard speaks || rank == 0 else { return }
        let report = report(diagnosis)
        let text = report.warning(left: limits.stop.map { $0 - diagnosis.seconds })
        if rank == 0, hold() {
            listener?.note(stall: text)
            release()
        }
        if speaks {
            spoke = (call, report, MonotonicClock.seconds - diagnosis.seconds)
            say("warning: \(text)")
        }
    }

    private func goOn(_ now: Double) {
        guard let spoke else { return }
        say(spoke.report.resumed(after: now - spoke.since))
        self.spoke = nil
    }

    // MARK: The second limit

    /// Ends the job, on rank 0 after saving the state; other ranks give it time for that.
    private func end(_ diagnosis: StallDiagnosis, over: Double, limit: Double) {
        if rank == 0 {
            guard hold() else { return }
            board.setSaving(slot, true)
            finish(report(diagnosis).failure(save()))
        }
        if let first = board.snapshots.first(where: { $0.rank == 0 }) {
            let canSave = first.isInCall && diagnosis.behind?.rank != 0
            if canSave, over < (first.isSaving ? max(60, limit) : 5) { return }
        } else if over < min(60, limit / 2) {
            return
        }
        finish(report(diagnosis).failure(.outOfReach))
    }

    private func finish(_ failure: Failure) -> Never {
        if rank == 0 { listener?.note(stall: "\(failure)") }
        if board.claimEnd() { say("hadamesh: \(failure)") }
        // The launcher ends all others, stopped ones too, after the first bad exit.
        _exit(failure.kind.rawValue)
    }

    /// Stops as was asked, without the rank that is behind, where the state can be saved.
    private func stop(_ diagnosis: StallDiagnosis) {
        guard hold() else { return }
        board.setSaving(slot, true)
        let saved = save()
        guard case .step(let step) = saved else {
            if case .failed = saved, !failedToStop {
                failedToStop = true
                say("warning: asked to stop, but \(saved.words)")
            }
            board.setSaving(slot, false)
            return release()
        }
        let text = report(diagnosis).stopped(step: step)
        listener?.note(stall: text)
        if board.claimEnd() { say(text) }
        _exit(75)
    }

    private func save() -> StallReport.Saved {
        do {
            return try listener?.saveBeforeStall().map { .step($0) } ?? .nothing
        } catch {
            return .failed("\(error)")
        }
    }

    // MARK: The gate

    /// Keeps the rank's own thread inside its collective; false where it is in none.
    private func hold() -> Bool {
        gate.compareExchange(expected: Gate.inCall, desired: Gate.held, ordering: .acquiring).exchanged
    }

    private func release() { gate.store(Gate.inCall, ordering: .releasing) }

    private func say(_ line: String) {
        // A closed terminal is no reason to go on waiting.
        try? FileHandle.standardError.write(contentsOf: Data("\(line)\n".utf8))
    }
}
