import Foundation

/// How much memory new pages can take on this host before something must be pushed out or a process is killed.
///
/// It is the least of what the kernel calls available and of what the limits of the process's control groups leave: of its
/// own group and of every group above it, in version 2 (`memory.max`) and in version 1 (`memory.limit_in_bytes`). What a
/// group keeps of files that are read no more counts as free: it is given up before the limit is met.
package enum AvailableMemory {
    /// Bytes; nil where the system doesn't tell.
    package static var bytes: Int? { bytes(root: "/") }

    /// Reads a system whose files begin at `root`.
    package static func bytes(root: String) -> Int? {
        let limits = groups(root).compactMap { left(in: $0) }
        return ([free(root)].compactMap(\.self) + limits).min()
    }

    /// Whether it is a control group's limit that leaves the least: the host itself has more.
    package static func isLimited(root: String = "/") -> Bool {
        guard let free = free(root), let left = groups(root).compactMap({ left(in: $0) }).min() else {
            return false
        }
        return left < free
    }

    private static func free(_ root: String) -> Int? {
        guard let text = text("\(root)/proc/meminfo") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// A control group with a count of memory, and what its files are called.
    private struct Group {
        let folder: String
        let isSecondVersion: Bool
    }

    /// The groups of this process that count memory, each with those above it.
    ///
    /// `/proc/self/cgroup` names a group from the hierarchy's root, `/proc/self/mountinfo` where that root, or in a container
    /// a group below it, is mounted.
    private static func groups(_ root: String) -> [Group] {
        let memberships = (text("\(root)/proc/self/cgroup") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        }.filter { $0.count == 3 }
        return mounts(root).flatMap { mount -> [Group] in
            let membership = memberships.first {
                mount.isSecondVersion
                    ? $0[0] == "0" && $0[1].isEmpty : $0[1].split(separator: ",").contains("memory")
            }
            guard let path = membership?[2] else { return [] }
            // Inside a container the mounted group may be the process's own, under a name from outside.
            let inside = path.hasPrefix(mount.group) ? String(path.dropFirst(mount.group.count)) : ""
            let names = inside.contains("..") ? [] : inside.split(separator: "/").map(String.init)
            return (0...names.count).map { depth in
                let below = names.prefix(depth).map { "/\($0)" }.joined()
                return Group(
                    folder: "\(root)\(mount.place)\(below)", isSecondVersion: mount.isSecondVersion)
            }
        }
    }

    private struct Mount {
        /// The group that is mounted, without a slash at its end.
        let group: String
        let place: String
        let isSecondVersion: Bool
    }

    private static func mounts(_ root: String) -> [Mount] {
        (text("\(root)/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
            // 35 31 0:32 GROUP PLACE rw,relatime … - TYPE SOURCE OPTIONS
            let parts = line.split(separator: " ").map(String.init)
            guard parts.count > 5, let dash = parts[5...].firstIndex(of: "-"), parts.count > dash + 3 else {
                return nil
            }
            let isSecondVersion = parts[dash + 1] == "cgroup2"
            let isFirstVersion =
                parts[dash + 1] == "cgroup" && parts[dash + 3].split(separator: ",").contains("memory")
            guard isFirstVersion || isSecondVersion else { return nil }
            return Mount(
                group: parts[3] == "/" ? "" : parts[3], place: parts[4], isSecondVersion: isSecondVersion)
        }
    }

    /// The bytes that a group's limit leaves; nil where it has none.
    private static func left(in group: Group) -> Int? {
        let names =
            group.isSecondVersion
            ? ("memory.max", "memory.current", "inactive_file")
            : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        // "max", or in version 1 a number beyond every machine's, is no limit.
        guard let limit = number(text("\(group.folder)/\(names.0)")), limit < 1 << 60,
            let used = number(text("\(group.folder)/\(names.1)"))
        else { return nil }
        let lines = (text("\(group.folder)/memory.stat") ?? "").split(separator: "\n")
        let cached = lines.first { $0.hasPrefix("\(names.2) ") }.flatMap {
            number(String($0.dropFirst(names.2.count + 1)))
        }
        return max(0, limit - max(0, used - (cached ?? 0)))
    }

    private static func number(_ text: String?) -> Int? {
        text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
