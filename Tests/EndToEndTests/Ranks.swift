import Foundation

/// The running ranks of a run, found by the run directory in their command lines.
enum Ranks {
    /// A process of the program.
    struct Process: Sendable {
        let id: Int32
        /// The rank in its world; nil without a launcher.
        let rank: Int?
        let arguments: [String]
    }

    /// The program's processes with `argument` in their command lines, without launchers and shells.
    static func running(with argument: String) -> [Process] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { id -> Process? in
            let arguments = strings("/proc/\(id)/cmdline")
            guard arguments.first?.hasSuffix("/hadamesh") == true, arguments.contains(argument) else {
                return nil
            }
            let rank = strings("/proc/\(id)/environ").first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }
            return Process(
                id: id, rank: rank.flatMap { Int($0.split(separator: "=")[1]) }, arguments: arguments)
        }.sorted { ($0.rank ?? 0) < ($1.rank ?? 0) }
    }

    /// The `mpirun` with `argument` in its command line.
    static func launcher(with argument: String) -> Int32? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.first { id in
            let arguments = strings("/proc/\(id)/cmdline")
            return arguments.first?.hasSuffix("mpirun") == true && arguments.contains(argument)
        }
    }

    /// The zero-terminated strings of a file in `/proc`.
    private static func strings(_ file: String) -> [String] {
        let data = (try? FileHandle(forReadingAtPath: file)?.readToEnd()) ?? nil
        return (data ?? Data()).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
