import Diagnostics
import Foundation

/// The holder of a run directory.
package struct Lease: Codable, Equatable {
    package let host: String
    package let process: Int32
    /// The time at which it locked the directory, in UTC.
    package let since: String
    /// The kernel's boot id, which is unique to a machine; host names need not be.
    package let machine: String

    package init(host: String, machine: String, process: Int32, since: String) {
        (self.host, self.machine, self.process, self.since) = (host, machine, process, since)
    }

    /// A lease of this process from now on.
    package static func ofThisProcess() -> Lease {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyy-MM-dd HH:mm:ss 'UTC'"
        let start = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return Lease(
            host: hostName(), machine: start?.trimmingCharacters(in: .whitespacesAndNewlines) ?? hostName(),
            process: getpid(), since: format.string(from: Date()))
    }

    /// Whether its holder is certainly gone; nil if it is on another machine and cannot be checked from here.
    ///
    /// On this machine, holding the lock proves it. If the file system has no locks, the process is looked
    /// up.
    func isLeft(seenBy own: Lease, isLocked: Bool) -> Bool? {
        guard machine == own.machine else { return nil }
        return isLocked || (kill(process, 0) != 0 && errno == ESRCH)
    }
}
