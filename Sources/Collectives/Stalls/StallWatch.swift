import Diagnostics
import Foundation
import Synchronization

/// Ends the job when a rank stalls, so that the other ranks do not wait for it forever.
///
/// Every rank publishes its progress on its node's ``RankBoard``. While a rank waits in a collective, its
/// watch thread, which never calls MPI, reads the board four times a second. Past the first limit it warns
/// and names the rank that is behind; past the second, rank 0 saves the state before the step and the job
/// ends with exit code 5. This works whatever the waiting thread is blocked in, even if rank 0 is behind, a
/// node is down or the network is cut.
///
/// Only the thread that makes the collective calls may record progress.
package final class StallWatch: @unchecked Sendable {
    private let rank: Int
    /// The nodes of the world.
    private let world: RankNodes
    private let board: RankBoard
    private let slot: Int
    private let limits = Mutex(StallLimits())
    private let resumption = Mutex("hadamesh train --resume RUN")
    /// Accessed by the rank's thread only while it runs, by the watch's only while it holds the gate.
    private weak var listener: (any StallListener)?

    /// Decides which thread may access the run's state: the rank's own while it computes, the watch's only
    /// while it holds the other inside a collective.
    private let gate = Atomic<Int>(Gate.running)

    private enum Gate {
        static let running = 0
        static let inCall = 1
        static let held = 2
    }

    // Used by the rank's own thread.
    private var fault: StallFault?
    private var calls = 0
    private var phase = RankPhase.startUp
    private var step = 0
    private var since: Double
    private var leftAt: Double

    private let checking = Mutex(())
    // Guarded by `checking`.
    private var openWarning: OpenWarning?
    private var lastWarnedCall = 0
    private var stopRequestedAt: Double?
    private var stopFailed = false
    private var group = RankGroup.world
    /// The nodes of the group.
    private var nodes: RankNodes
    /// Whether this rank has the group's state, which it saves before the job ends.
    private var isLeader: Bool { rank == group.leader }

    /// A warning about a collective that has not returned.
    private struct OpenWarning {
        let call: Int
        let report: StallReport
        let since: Double
    }

    private static let secondsBetweenChecks = 0.25
    /// Seconds that a stop request waits for a rank that is behind.
    private static let stopPatience = 10.0

    init(rank: Int, nodes: RankNodes, board: RankBoard, slot: Int) {
        self.rank = rank
        (world, self.nodes) = (nodes, nodes)
        self.board = board
        self.slot = slot
        fault = StallFault(ProcessInfo.processInfo.environment, rank: rank)
        since = MonotonicClock.seconds
        leftAt = since
        board.begin(slot, rank: rank, process: getpid(), at: since)
    }

    /// Starts the watch's thread.
    func begin() {
        let thread = Thread {
            while true {
                self.checking.withLock { _ in self.check() }
                usleep(UInt32(Self.secondsBetweenChecks * 1e6))
            }
        }
        thread.name = "stall watch"
        thread.start()
        enter(.startUp, step: 0)
    }

    /// The host name of a rank's node.
    package func hostName(of rank: Int) -> String { world.hostName(of: rank) }

    /// Replaces the limits.
    package func use(_ limits: StallLimits) { self.limits.withLock { $0 = limits } }

    /// Sets the command that continues the run, for messages.
    package func use(resumption: String) { self.resumption.withLock { $0 = resumption } }

    /// Sets the listener, which is held weakly.
    package func setListener(_ listener: any StallListener) { self.listener = listener }

    // MARK: Groups

    /// Watches the ranks of a group, by their numbers in the world, apart from all others.
    ///
    /// Every rank of the world calls this for its own group, and then ``gather()`` and ``leaveGroups()``.
    package func enter(group ranks: [Int]) { watch(.led(by: ranks.min() ?? rank), ranks) }

    /// Waits for all groups, whose work may end at different times.
    package func gather() { watch(.gathering, nil) }

    /// Watches the world again, after all ranks have gathered.
    package func leaveGroups() { watch(.world, nil) }

    private func watch(_ group: RankGroup, _ ranks: [Int]?) {
        checking.withLock { _ in
            reportResumed(MonotonicClock.seconds)
            self.group = group
            nodes = ranks.map(world.restricted) ?? world
            // Groups make different numbers of calls: the upper half counts the changes that all make.
            calls = (calls >> 32 + 1) << 32
            lastWarnedCall = 0
            board.setGroup(slot, group)
        }
    }

    // MARK: Progress

    /// Records that the rank enters a phase, after `step` steps.
    package func enter(_ phase: RankPhase, step: Int) {
        let now = MonotonicClock.seconds
        learn(.interval, now - since)
        since = now
        self.phase = phase
        self.step = step
        board.enter(slot, phase, step: step, at: now)
        if let fault, fault.isDue(phase, step: step) {
            self.fault = nil
            raise(SIGSTOP)
        }
    }

    /// Records that the rank begins a micro-batch, counted from 1 in its phase.
    package func enter(microBatch: Int) {
        let now = MonotonicClock.seconds
        learn(.interval, now - since)
        since = now
        board.enter(slot, microBatch: microBatch, at: now)
    }

    /// Before a normal exit, reports that the rank of an open warning has resumed.
    func closeWarning() { checking.withLock { _ in reportResumed(MonotonicClock.seconds) } }

    /// Records that the rank enters a collective.
    func arrive(at now: Double) {
        learn(.interval, now - since)
        learn(.round, now - leftAt)
        since = now
        calls += 1
        board.arrive(slot, call: calls, at: now)
        gate.store(Gate.inCall, ordering: .releasing)
    }

    /// Records that the rank leaves a collective.
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

    private enum Duration { case interval, round }

    /// Raises this rank's longest interval or round, unless the new one was a stall.
    private func learn(_ kind: Duration, _ length: Double) {
        let own = kind == .interval ? board.interval(slot, phase) : board.round(slot, phase)
        guard length > own else { return }
        let slowest = kind == .interval ? board.longestInterval(phase) : board.longestRound(phase)
        if let warn = limits.withLock({ $0.seconds(phase, slowest: slowest).warn }), length > warn { return }
        if kind == .interval {
            board.setInterval(slot, phase, length)
        } else {
            board.setRound(slot, phase, length)
        }
    }

    // MARK: Checking

    private func check() {
        let now = MonotonicClock.seconds
        board.beat(slot, stopRequested: StopSignal.requested, at: now)
        guard let diagnosis = StallDiagnosis(board.snapshots, slot: slot, now: now) else {
            return reportResumed(now)
        }
        if let openWarning, openWarning.call != diagnosis.waiter.calls { reportResumed(now) }
        if board.isStopRequested { stopRequestedAt = stopRequestedAt ?? now }
        let limits = limits(for: diagnosis)
        if let stopRequestedAt, !stopFailed {
            let patience = min(Self.stopPatience, limits.warn ?? .infinity)
            if isLeader, now - stopRequestedAt >= patience, diagnosis.seconds >= patience { stop(diagnosis) }
        }
        if let stop = limits.stop, diagnosis.seconds >= stop {
            end(diagnosis, over: diagnosis.seconds - stop, limit: stop)
        } else if let warn = limits.warn, diagnosis.seconds >= warn {
            self.warn(diagnosis, limits)
        }
    }

    /// The limits that apply to the rank that is behind.
    ///
    /// Every sign of progress is visible for ranks of this node, only entries into collectives for ranks of
    /// others. If rank 0 is on another node, this node must not end the job before rank 0 can: only rank 0
    /// can save the state.
    private func limits(for diagnosis: StallDiagnosis) -> StallLimits.Seconds {
        let limits = limits.withLock { $0 }
        let phase = diagnosis.waiter.phase
        let remote = limits.seconds(phase, slowest: board.longestRound(phase))
        guard let behind = diagnosis.behind else { return remote }
        let local = limits.seconds(behind.phase, slowest: board.longestInterval(behind.phase))
        guard !nodes.isFirst, let localStop = local.stop, let remoteStop = remote.stop else { return local }
        return StallLimits.Seconds(warn: local.warn, stop: max(localStop, remoteStop))
    }

    private func report(_ diagnosis: StallDiagnosis) -> StallReport {
        StallReport(
            diagnosis: diagnosis, nodes: nodes, process: diagnosis.behind.map { ProcessState.of($0.process) })
    }

    // MARK: The first limit

    private func warn(_ diagnosis: StallDiagnosis, _ limits: StallLimits.Seconds) {
        let call = diagnosis.waiter.calls
        guard lastWarnedCall != call else { return }
        if diagnosis.behind == nil {
            // The stalled rank's own node warns first, because it can name the rank. The first node follows a
            // little later, and not before a stopped process would be seen.
            let pause = max(1.1 * (limits.warn ?? 0), StallDiagnosis.silence + 1)
            guard nodes.isFirst, diagnosis.seconds >= pause else { return }
        }
        lastWarnedCall = call
        let isFirstToWarn = board.claimWarning(call: call, of: group)
        guard isFirstToWarn || isLeader else { return }
        let report = report(diagnosis)
        let text = report.warning(left: limits.stop.map { $0 - diagnosis.seconds })
        if isLeader, hold() {
            listener?.note(stall: text)
            release()
        }
        if isFirstToWarn {
            openWarning = OpenWarning(
                call: call, report: report, since: MonotonicClock.seconds - diagnosis.seconds)
            StandardError.say("warning: \(text)")
        }
    }

    private func reportResumed(_ now: Double) {
        guard let openWarning else { return }
        StandardError.say("\(openWarning.report.resumed(after: now - openWarning.since))")
        self.openWarning = nil
    }

    // MARK: The second limit

    /// Ends the job.
    ///
    /// The leader saves the state first; the other ranks leave it time to do so.
    private func end(_ diagnosis: StallDiagnosis, over: Double, limit: Double) {
        if isLeader {
            guard hold() else { return }
            board.setSaving(slot, true)
            end(diagnosis, save())
        }
        if let first = board.snapshots.first(where: { $0.rank == group.leader }) {
            let canSave = first.isInCall && diagnosis.behind?.rank != group.leader
            if canSave, over < (first.isSaving ? max(60, limit) : 5) { return }
        } else if over < min(60, limit / 2) {
            return
        }
        end(diagnosis, .outOfReach)
    }

    private func end(_ diagnosis: StallDiagnosis, _ saved: StallReport.Saved) -> Never {
        let failure = report(diagnosis).failure(saved, resumption: resumption.withLock { $0 })
        if isLeader { listener?.note(stall: "\(failure)") }
        if board.claimEnd() { StandardError.say("hadamesh: \(failure)") }
        // The launcher kills all other processes, stopped ones included, after the first nonzero exit.
        _exit(failure.kind.rawValue)
    }

    /// Stops the job on request without the rank that is behind, if the state can be saved.
    private func stop(_ diagnosis: StallDiagnosis) {
        guard hold() else { return }
        board.setSaving(slot, true)
        let saved = save()
        guard case .step(let step) = saved else {
            if case .failed = saved, !stopFailed {
                stopFailed = true
                StandardError.say("warning: asked to stop, but \(saved.description)")
            }
            board.setSaving(slot, false)
            return release()
        }
        let text = report(diagnosis).stopped(step: step, resumption: resumption.withLock { $0 })
        listener?.note(stall: text)
        if board.claimEnd() { StandardError.say("\(text)") }
        _exit(75)
    }

    private func save() -> StallReport.Saved {
        // Rank 0 has no state of another group's run.
        if group == .gathering { return .outOfReach }
        do {
            return try listener?.saveBeforeStall().map { .step($0) } ?? .nothing
        } catch {
            return .failed("\(error)")
        }
    }

    // MARK: The gate

    /// Holds the rank's own thread inside its collective; false if it is not in one.
    private func hold() -> Bool {
        gate.compareExchange(expected: Gate.inCall, desired: Gate.held, ordering: .acquiring).exchanged
    }

    private func release() { gate.store(Gate.inCall, ordering: .releasing) }
}
