import Diagnostics
import Foundation

/// This process, as Linux describes it in `/proc`.
package enum CurrentProcess {
    /// The memory of this process; zeros if `/proc` cannot be read.
    package static func memory() -> Benchmark.Memory {
        var inWeights = false
        var (all, own) = (0, 0)
        for line in lines("/proc/self/smaps") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let name = words.first, words.count > 1 else { continue }
            if !name.hasSuffix(":") {
                // The backbone's file, or the memory of converted weights that ranks share.
                inWeights = line.hasSuffix(".safetensors") || line.contains("/memfd:hadamesh-weights")
            } else if name == "Pss:", let kilobytes = Int(words[1]) {
                all += kilobytes << 10
                if !inWeights { own += kilobytes << 10 }
            }
        }
        let peak = lines("/proc/self/status").first { $0.hasPrefix("VmHWM:") }?.split(separator: " ")
        return Benchmark.Memory(
            peak: (peak.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) << 10, proportional: all,
            activations: own)
    }

    /// The start of this process, or of its launcher on this node, by the `MonotonicClock`.
    package static func launch() -> Double {
        let now = MonotonicClock.seconds
        guard let own = Status("self"),
            let uptime = lines("/proc/uptime").first?.split(separator: " ").first.flatMap({ Double($0) })
        else { return now }
        let launchers = ["mpirun", "mpiexec", "orterun", "prterun", "orted", "prted"]
        let parent = Status(own.parent)
        let start = if let parent, launchers.contains(parent.name) { parent.start } else { own.start }
        return now - (uptime - start)
    }

    /// The lines of a file; none if it cannot be read.
    package static func lines(_ path: String) -> [Substring] {
        let data = (try? FileHandle(forReadingAtPath: path)?.readToEnd()) ?? nil
        return String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
    }

    private struct Status {
        let name, parent: String
        /// In seconds since boot.
        let start: Double

        init?(_ process: String) {
            // The name may contain blanks; field 22 is the start in hundredths of a second.
            guard let line = lines("/proc/\(process)/stat").first, let open = line.firstIndex(of: "("),
                let close = line.lastIndex(of: ")")
            else { return nil }
            let fields = line[close...].split(separator: " ")
            guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
            (name, parent) = (String(line[line.index(after: open)..<close]), String(fields[2]))
            start = ticks / 100
        }
    }
}
