import Foundation

/// The state of a process on this node, from `/proc`.
package struct ProcessState: Equatable, Sendable {
    /// The kernel's letter for the state; nil for a process that has ended.
    package let letter: Character?
    /// Page faults so far that needed a read from disk.
    package var majorFaults = 0
    package var isSwapping = false

    /// Reads the state twice, 100 ms apart: a rising count of major faults means swapping.
    package static func of(_ pid: Int32) -> ProcessState {
        let first = read(pid)
        usleep(100_000)
        var second = read(pid)
        second.isSwapping = second.majorFaults > first.majorFaults + 10
        return second
    }

    package static func read(_ pid: Int32) -> ProcessState {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return ProcessState(letter: nil)
        }
        return ProcessState(statistics: String(decoding: data, as: UTF8.self))
    }

    package init(letter: Character?) { self.letter = letter }

    /// Parses `/proc/PID/stat`.
    ///
    /// The program's name is in parentheses and may itself contain spaces and parentheses.
    package init(statistics line: String) {
        guard let end = line.lastIndex(of: ")") else {
            self.init(letter: nil)
            return
        }
        let fields = line[end...].split(separator: " ").dropFirst().map(String.init)
        self.init(letter: fields.first?.first)
        if fields.count > 9 { majorFaults = Int(fields[9]) ?? 0 }
    }

    /// Whether the process has ended.
    package var isGone: Bool { letter == nil || letter == "Z" || letter == "X" }

    /// The state as a clause of a message.
    package var description: String {
        switch letter {
        case _ where isGone: "its process is gone"
        case "T": "its process is stopped (T)"
        case "t": "its process is stopped by a debugger (t)"
        case _ where isSwapping: "its process is swapping"
        case "D": "its process is waiting for a disk (D)"
        case "R": "its process is running (R)"
        default: "its process is sleeping (S)"
        }
    }

    /// The remedy for a rank in this state.
    package func remedy(_ pid: Int32) -> String {
        switch letter {
        case _ where isGone: "check that node's system log for the reason (out of memory?)"
        case "T": "run 'kill -CONT \(pid)' there to resume it"
        case "t": "continue or detach the debugger"
        case _ where isSwapping: "that node is short of memory: start fewer ranks on it"
        case "D": "check the disk or network file system that it uses"
        default: "inspect it there: 'top -H -p \(pid)', 'gdb -p \(pid)'"
        }
    }
}
