import Diagnostics
import Dispatch
import Formats
import Foundation

/// The right to write into a run directory, which one job has at a time.
///
/// It is a file `.lock` in the directory, locked with `flock` for as long as the job lives, and in it a lease: who holds it,
/// since when. The kernel drops the lock of a process that was killed, so on one machine a free lock means that its holder
/// is gone. Not every network file system carries locks between machines: the holder therefore touches the file every few
/// seconds, and a lease of another machine is taken over when it was not touched for a minute.
package final class RunLock {
    /// How a lease is kept alive, and when it counts as left behind; in seconds.
    package struct Timing {
        /// Between two touches by the holder.
        package var renewal: Double
        /// Without a touch, after which a holder on another machine is taken for dead.
        package var patience: Double
        /// Between two looks at the lease of another machine.
        package var look: Double

        package init(renewal: Double = 10, patience: Double = 60, look: Double = 0.5) {
            self.renewal = renewal
            self.patience = patience
            self.look = look
        }
    }

    /// The file's name in the run directory.
    static let name = ".lock"

    /// Whether a file of the run directory is one that only shows the time, left by a process that was killed just then.
    static func isProbe(_ name: String) -> Bool { name.hasPrefix("\(self.name)-") }

    private let file: LockFile
    private var isHeld = true
    private let renewals: any DispatchSourceTimer
    private let queue = DispatchQueue(label: "hadamesh.lease", qos: .utility)

    /// Takes the lock of a directory, which must be there; a failure names the job that has it.
    ///
    /// Usually that is known at once. It takes a minute where a job of another machine seems to have been lost just now.
    package static func take(_ directory: String, whileWaiting: () -> Void = {}) throws -> RunLock {
        try take(directory, as: .ofThisProcess(), Timing(), whileWaiting: whileWaiting)
    }

    package static func take(
        _ directory: String, as own: Lease, _ timing: Timing, whileWaiting: () -> Void = {}
    ) throws -> RunLock {
        let began = MonotonicClock.seconds
        var first: LockFile.Touch?
        var hasTold = false
        while true {
            let file = try LockFile(opening: "\(directory)/\(name)")
            let (lease, touch) = (file.lease, file.touch)
            let waited = MonotonicClock.seconds - began
            let isTouched = first.map { $0 != touch } ?? false
            first = first ?? touch
            switch file.state {
            case .replaced: continue
            case .ours, .unknown:
                let isLeft =
                    lease.map { $0.isLeft(seenBy: own, isLocked: file.state == .ours) } ?? true
                if isLeft == true || (!isTouched && (waited > timing.patience || file.age > timing.patience))
                {
                    return try RunLock(file, own, timing)
                }
                if isLeft == false || isTouched { throw refusal(lease, directory) }
            case .others:
                // A lock without a lease has only just been taken.
                let isKnown = lease.map { $0.machine == own.machine } ?? (waited > 1)
                if isKnown || isTouched || waited > 2 * timing.patience { throw refusal(lease, directory) }
            }
            if let lease, !hasTold {
                hasTold = true
                writeToStandardError(
                    "waiting to see whether process \(lease.process) on host \(lease.host) still has \(directory)\n"
                )
            }
            whileWaiting()
            usleep(UInt32((lease == nil ? 0.01 : timing.look) * 1e6))
        }
    }

    private init(_ file: LockFile, _ own: Lease, _ timing: Timing) throws {
        self.file = file
        let descriptor = file.descriptor
        renewals = DispatchSource.makeTimerSource(queue: queue)
        renewals.schedule(deadline: .now() + timing.renewal, repeating: timing.renewal)
        // A touch that fails is made up for by the next one.
        renewals.setEventHandler { futimens(descriptor, nil) }
        renewals.activate()
        try file.write(own)
    }

    deinit { release() }

    /// Gives the directory back; no trace of the lock is left.
    package func release() {
        guard isHeld else { return }
        isHeld = false
        queue.sync { renewals.cancel() }
        // Whoever has opened it in the meantime then finds it replaced, and opens it anew.
        file.remove()
    }

    private static func refusal(_ lease: Lease?, _ directory: String) -> Failure {
        let holder = lease.map { "process \($0.process) on host \($0.host), since \($0.since)" }
        return .usage(
            "the run is in use by \(holder ?? "another process")", at: directory,
            remedy: "wait until that has ended, or name another place with --output; "
                + "if its host is gone for good, remove \(directory)/\(name)")
    }

}
