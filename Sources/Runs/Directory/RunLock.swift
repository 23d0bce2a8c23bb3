import Diagnostics
import Dispatch
import Formats
import Foundation

/// An exclusive lock on a run directory: one job writes at a time.
///
/// The file `.lock` is held with `flock` while the job lives and contains a lease: who holds it, since when.
/// The kernel drops the lock of a killed process, so on one machine a free lock means that its holder is
/// gone. Not every network file system carries locks between machines: the holder therefore touches the file
/// every few seconds, and a lease from another machine is taken over after a minute without a touch.
package final class RunLock {
    /// Intervals in seconds.
    package struct Timing {
        /// Between two touches by the holder.
        package var renewal: Double
        /// Without a touch, until a holder on another machine is presumed dead.
        package var patience: Double
        /// Between two checks of another machine's lease.
        package var look: Double

        package init(renewal: Double = 10, patience: Double = 60, look: Double = 0.5) {
            (self.renewal, self.patience, self.look) = (renewal, patience, look)
        }
    }

    static let name = ".lock"

    /// Whether `name` is a probe of the file system's clock, left by a process killed while it read it.
    static func isProbe(_ name: String) -> Bool { name.hasPrefix("\(self.name)-") }

    private let file: LockFile
    private var isHeld = true
    private let renewals: any DispatchSourceTimer
    private let queue = DispatchQueue(label: "hadamesh.lease", qos: .utility)

    /// Locks an existing directory; the failure names the job that holds it.
    ///
    /// The answer is immediate unless a job on another machine appears to have died recently: then it takes a
    /// minute.
    package static func take(_ directory: String, whileWaiting: () -> Void = {}) throws -> RunLock {
        try take(directory, as: .ofThisProcess(), Timing(), whileWaiting: whileWaiting)
    }

    package static func take(
        _ directory: String, as own: Lease, _ timing: Timing, whileWaiting: () -> Void = {}
    ) throws -> RunLock {
        let began = MonotonicClock.seconds
        var first: LockFile.Touch?
        var isAnnounced = false
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
                // The holder of a lock without a lease has yet to write it.
                let isKnown = lease.map { $0.machine == own.machine } ?? (waited > 1)
                if isKnown || isTouched || waited > 2 * timing.patience { throw refusal(lease, directory) }
            }
            if let lease, !isAnnounced {
                isAnnounced = true
                StandardError.say(
                    "waiting to see whether process \(lease.process) on host \(lease.host) still "
                        + "uses \(directory)"
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
        // If a touch fails, the next one makes up for it.
        renewals.setEventHandler { futimens(descriptor, nil) }
        renewals.activate()
        try file.write(own)
    }

    deinit { release() }

    /// Unlocks the directory and removes the file.
    package func release() {
        guard isHeld else { return }
        isHeld = false
        queue.sync { renewals.cancel() }
        // A process that opened the file meanwhile finds it replaced and opens it again.
        file.remove()
    }

    private static func refusal(_ lease: Lease?, _ directory: String) -> Failure {
        let holder = lease.map { "process \($0.process) on host \($0.host), since \($0.since)" }
        return .usage(
            "the run is in use by \(holder ?? "another process")", at: directory,
            remedy:
                "wait until it ends, or choose another --output; if its host is gone for good, "
                + "remove \(directory)/\(name)"
        )
    }
}
