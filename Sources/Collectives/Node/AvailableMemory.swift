import Foundation

/// The memory that can be allocated on this node without swapping or killing a process.
///
/// It is the minimum of the kernel's `MemAvailable` and of the room left under the limits of the process's
/// control group and all its ancestors, in cgroup version 2 (`memory.max`) and version 1
/// (`memory.limit_in_bytes`). A group's inactive file pages count as free, because the kernel reclaims them
/// before it enforces the limit.
package enum AvailableMemory {
    /// In bytes; nil if the system does not report it.
    package static var bytes: Int? { bytes(root: "/") }

    /// Like ``bytes``, for a file system mounted at `root`.
    package static func bytes(root: String) -> Int? {
        let limits = groups(root).compactMap { left(in: $0) }
        return ([free(root)].compactMap(\.self) + limits).min()
    }

    /// Whether a control group's limit, not the node's memory, is the minimum.
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

    /// A control group that accounts for memory.
    private struct Group {
        let directory: String
        let isSecondVersion: Bool
    }

    /// This process's memory groups and their ancestors.
    ///
    /// `/proc/self/cgroup` has a group's path from the root of the hierarchy. `/proc/self/mountinfo` has the
    /// mount point of that root or, in a container, of a group below it.
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
            // In a container the mounted group may be the process's own, under its name outside the
            // container.
            let inside = path.hasPrefix(mount.group) ? String(path.dropFirst(mount.group.count)) : ""
            let names = inside.contains("..") ? [] : inside.split(separator: "/").map(String.init)
            return (0...names.count).map { depth in
                let below = names.prefix(depth).map { "/\($0)" }.joined()
                return Group(
                    directory: "\(root)\(mount.path)\(below)", isSecondVersion: mount.isSecondVersion)
            }
        }
    }

    private struct Mount {
        /// The mounted group's path in the hierarchy, without a trailing slash.
        let group: String
        /// The mount point.
        let path: String
        let isSecondVersion: Bool
    }

    private static func mounts(_ root: String) -> [Mount] {
        (text("\(root)/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
            // 35 31 0:32 GROUP PATH rw,relatime … - TYPE SOURCE OPTIONS
            let parts = line.split(separator: " ").map(String.init)
            guard parts.count > 5, let dash = parts[5...].firstIndex(of: "-"), parts.count > dash + 3 else {
                return nil
            }
            let isSecondVersion = parts[dash + 1] == "cgroup2"
            let isFirstVersion =
                parts[dash + 1] == "cgroup" && parts[dash + 3].split(separator: ",").contains("memory")
            guard isFirstVersion || isSecondVersion else { return nil }
            return Mount(
                group: parts[3] == "/" ? "" : parts[3], path: parts[4], isSecondVersion: isSecondVersion)
        }
    }

    /// The bytes left under a group's limit; nil if it has no limit.
    private static func left(in group: Group) -> Int? {
        let names =
            group.isSecondVersion
            ? ("memory.max", "memory.current", "inactive_file")
            : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        // "max", or in version 1 a number near 2^63, means no limit.
        guard let limit = number(text("\(group.directory)/\(names.0)")), limit < 1 << 60,
            let used = number(text("\(group.directory)/\(names.1)"))
        else { return nil }
        let lines = (text("\(group.directory)/memory.stat") ?? "").split(separator: "\n")
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
