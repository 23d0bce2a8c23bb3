import Foundation

// OpenBLAS chooses its kernels when it is loaded, from a list of processors. It takes a processor newer than
// itself for a Pentium 4 (`Prescott`), at a fifth of the speed. The processor's flags allow a better choice.

extension BLAS {
    /// The variable that OpenBLAS reads while it is loaded.
    ///
    /// A user's own value is left alone.
    package static let coreVariable = "OPENBLAS_CORETYPE"

    /// The kernel family with which to restart the program, if OpenBLAS chose one far below the processor.
    ///
    /// Nil if the choice fits, or the user made it.
    package static var betterCore: String? {
        guard ProcessInfo.processInfo.environment[coreVariable] == nil else { return nil }
        return betterCore(than: coreName, flags: processorFlags)
    }

    /// The family for a processor with these flags; nil if the chosen one is no worse.
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

    /// The processor's instruction sets, as Linux reports them.
    private static var processorFlags: Set<String> {
        // The file reports no length, so read to its end.
        let data = (try? FileHandle(forReadingAtPath: "/proc/cpuinfo")?.readToEnd()) ?? nil
        let text = String(decoding: data ?? Data(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        return Set(line.split(separator: " ").map(String.init))
    }
}
