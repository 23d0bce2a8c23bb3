import Foundation

// OpenBLAS chooses its kernels when it is loaded, from a list of processors. A processor that is newer than the library
// is taken for a Pentium 4 (`Prescott`), whose kernels run at a fifth of the speed. The processor's own flags tell better.

extension BLAS {
    /// The variable that OpenBLAS reads while it is loaded; a value that the user gave stays.
    package static let coreVariable = "OPENBLAS_CORETYPE"

    /// The kernel family that a program should be started anew with, where OpenBLAS chose one far below the processor.
    ///
    /// Nil where the choice fits, or the user made it.
    package static var betterCore: String? {
        guard ProcessInfo.processInfo.environment[coreVariable] == nil else { return nil }
        return betterCore(than: coreName, flags: processorFlags)
    }

    /// The family for a processor with these flags, nil where the chosen one is no worse.
    static func betterCore(than chosen: String, flags: Set<String>) -> String? {
        guard familiesWithoutFMA.contains(chosen.lowercased()) else { return nil }
        if flags.isSuperset(of: ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]) {
            return "SkylakeX"
        }
        if flags.isSuperset(of: ["avx2", "fma"]) { return "Haswell" }
        return nil
    }

    private static let familiesWithoutFMA: Set<String> = [
        "generic", "katmai", "coppermine", "northwood", "prescott", "banias", "core2", "penryn", "dunnington",
        "nehalem", "atom", "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat", "nano", "sandybridge",
        "bulldozer",
    ]

    /// The instruction sets that Linux says the processor has.
    private static var processorFlags: Set<String> {
        // The file has no length, so it is read to its end.
        let data = (try? FileHandle(forReadingAtPath: "/proc/cpuinfo")?.readToEnd()) ?? nil
        let text = String(decoding: data ?? Data(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        return Set(line.split(separator: " ").map(String.init))
    }
}
