import COpenBLAS
import Foundation

// OpenBLAS chooses its kernels when it is loaded, from a list of processors. It takes a processor newer than
// itself for a Pentium 4 (`Prescott`), at a fifth of the speed. The processor's flags allow a better choice.

/// The BLAS library's settings in this process.
package enum BLAS {
    /// Limits OpenBLAS to the calling thread, and returns the number of threads in use.
    ///
    /// Ranks are the parallelism, so a rank's rate is that of one thread.
    package static func useOneThread() -> Int {
        openblas_set_num_threads(1)
        return Int(openblas_get_num_threads())
    }

    /// The kernel family that the library chose for this processor, such as `Zen` or `SkylakeX`.
    package static var coreName: String { String(cString: openblas_get_corename()) }

    /// The library's version and build options.
    package static var configuration: String { String(cString: openblas_get_config()) }

    /// The library's build: `serial`, `pthread` or `openmp`.
    package static var flavour: String {
        switch openblas_get_parallel() {
        case 0: "serial"
        case 1: "pthread"
        default: "openmp"
        }
    }

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
