import Diagnostics
package import Formats
import Foundation

/// Who holds a run directory.
package struct Lease: Equatable {
    /// The host's name, for people.
    package let host: String
    /// The kernel's boot id, which tells machines apart.
    package let machine: String
    /// The process.
    package let process: Int32
    /// When it took the directory, in UTC.
    package let since: String

    package init(host: String, machine: String, process: Int32, since: String) {
        self.host = host
        self.machine = machine
        self.process = process
        self.since = since
    }

    /// The lease that this process would write now.
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

    /// Whether its holder is gone for certain; nil where that can't be told from here.
    ///
    /// On this machine whoever has the lock knows that no other process has it. Without locks the process itself is looked
    /// for.
    func isLeft(seenBy own: Lease, isLocked: Bool) -> Bool? {
        guard machine == own.machine else { return nil }
        return isLocked || (kill(process, 0) != 0 && errno == ESRCH)
    }
}

extension Lease {
    init?(_ bytes: Data) {
        guard let json = try? JSONValue(parsing: bytes, at: RunLock.name), let host = json["host"]?.string,
            let machine = json["machine"]?.string,
            let process = json["process"]?.int.flatMap({ Int32(exactly: $0) }),
            let since = json["since"]?.string
        else { return nil }
        self.init(host: host, machine: machine, process: process, since: since)
    }

    package var json: JSONValue {
        [
            "host": .string(host), "process": .integer(Int(process)), "since": .string(since),
            "machine": .string(machine),
        ]
    }
}
