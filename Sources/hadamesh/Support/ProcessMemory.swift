import Foundation
import Measurement

/// This process, as Linux describes it in `/proc`.
enum ProcessMemory {
    /// The memory of this process; zeros if `/proc` cannot be read.
    static func current() -> Benchmark.Memory {
        var inWeights = false
        var sizes: [String: Int] = [:]
        for line in lines("/proc/self/smaps") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let name = words.first, words.count > 1 else { continue }
            if !name.hasSuffix(":") {
                // The backbone's file, or the memory of converted weights that ranks share.
                inWeights = line.hasSuffix(".safetensors") || line.contains("/memfd:hadamesh-weights")
            } else if name == "Pss:", let kilobytes = Int(words[1]) {
                sizes["all", default: 0] += kilobytes << 10
                if !inWeights { sizes["own", default: 0] += kilobytes << 10 }
            }
        }
        let peak = lines("/proc/self/status").first { $0.hasPrefix("VmHWM:") }?.split(separator: " ")
        return Benchmark.Memory(
            peak: (peak.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) << 10,
            proportional: sizes["all"] ?? 0, activations: sizes["own"] ?? 0)
    }

    static func lines(_ path: String) -> [Substring] {
        let data = (try? FileHandle(forReadingAtPath: path)?.readToEnd()) ?? nil
        return String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
    }
}

/// The start of this process, or of its launcher on this host.
func launchTime() -> Date {
    // Field 22 of stat is the start in hundredths of a second since boot; the name may contain blanks.
    func fields(_ process: String) -> (name: Substring, fields: [Substring])? {
        guard let line = ProcessMemory.lines("/proc/\(process)/stat").first,
            let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")")
        else { return nil }
        return (line[line.index(after: open)..<close], line[close...].split(separator: " "))
    }
    guard let own = fields("self"), own.fields.count > 20,
        let uptime = ProcessMemory.lines("/proc/uptime").first?.split(separator: " ").first.flatMap({
            Double($0)
        })
    else { return Date() }
    var start = Double(own.fields[20]) ?? 0
    let launchers = ["mpirun", "mpiexec", "orterun", "prterun", "orted", "prted"]
    if let parent = fields(String(own.fields[2])), launchers.contains(String(parent.name)),
        parent.fields.count > 20, let earlier = Double(parent.fields[20])
    {
        start = earlier
    }
    return Date(timeIntervalSinceNow: start / 100 - uptime)
}
