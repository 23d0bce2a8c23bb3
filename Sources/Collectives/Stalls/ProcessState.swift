import Foundation

/// The state of a process of this host, as the kernel shows it in `/proc`.
package struct ProcessState: Equatable, Sendable {
    /// The kernel's letter; nil for a process that is gone.
    package let letter: Character?
    /// Pages that it had to read from disk so far.
    package var majorFaults = 0
    /// Whether it reads pages from disk now: see ``of(_:)``.
    package var isSwapping = false

    /// Reads the state of a process twice, a moment apart, which shows whether it is swapping.
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

    /// Takes a line of `/proc/PID/stat`.
    ///
    /// The program's name is in parentheses and may hold spaces and parentheses of its own.
    package init(statistics line: String) {
        guard let end = line.lastIndex(of: ")") else {
            self.init(letter: nil)
            return
        }
        let fields = line[end...].split(separator: " ").dropFirst().map(String.init)
        self.init(letter: fields.first?.first)
        if fields.count > 9 { majorFaults = Int(fields[9]) ?? 0 }
    }

    /// Whether the process can't do anything by itself.
    package var isStopped: Bool { letter == "T" || letter == "t" }

    /// Whether it has ended.
    package var isGone: Bool { letter == nil || letter == "Z" || letter == "X" }

    /// The state in a sentence about the process.
    package var words: String {
        switch letter {
        case _ where isGone: "its process is gone"
        case "T": "its process is stopped (T)"
        case "t": "its process is held by a debugger (t)"
        case _ where isSwapping: "its process is swapping"
        case "D": "its process waits for a disk (D)"
        case "R": "its process is running (R)"
        default: "its process sleeps (S)"
        }
    }

    /// The remedy for a rank in this state.
    package func remedy(_ pid: Int32) -> String {
        switch letter {
        case _ where isGone: "look for why it ended in the host's log (out of memory?)"
        case "T": "'kill -CONT \(pid)' there lets it go on"
        case "t": "let the debugger go on or detach"
        case _ where isSwapping: "the host has too little memory: start fewer ranks on it"
        case "D": "look at the disk or network file system that it reads or writes"
        default: "look at it there: 'top -H -p \(pid)', 'gdb -p \(pid)'"
        }
    }
}
