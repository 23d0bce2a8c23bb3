import Collectives
import Foundation
import TestSupport
import Testing

@Suite struct AvailableMemoryTests {
    /// A made-up system's files, with 8 GB of memory available.
    private let root: TemporaryFolder

    init() throws {
        root = try TemporaryFolder()
        try write("proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable:    8388608 kB\nCached: 1 kB\n")
    }

    private func write(_ path: String, _ text: String) throws {
        let url = URL(filePath: root.file(path))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: false, encoding: .utf8)
    }

    private func second(_ group: String, limit: String, used: Int, cached: Int = 0) throws {
        try write("sys/fs/cgroup\(group)/memory.max", "\(limit)\n")
        try write("sys/fs/cgroup\(group)/memory.current", "\(used)\n")
        try write("sys/fs/cgroup\(group)/memory.stat", "anon 5\ninactive_file \(cached)\nactive_file 7\n")
    }

    private func first(_ place: String, limit: Int, used: Int, cached: Int = 0) throws {
        try write("\(place)/memory.limit_in_bytes", "\(limit)\n")
        try write("\(place)/memory.usage_in_bytes", "\(used)\n")
        try write("\(place)/memory.stat", "inactive_file 1\ntotal_inactive_file \(cached)\n")
    }

    private var found: Int? { AvailableMemory.bytes(root: root.path) }
    private var isLimited: Bool { AvailableMemory.isLimited(root: root.path) }

    @Test func withoutGroupsTheKernelsWordCounts() {
        #expect(found == 8 << 30)
        #expect(!isLimited)
    }

    @Test func aSystemThatTellsNothingHasNoNumber() throws {
        #expect(AvailableMemory.bytes(root: root.file("nothing")) == nil)
    }

    @Test func inVersion2TheTightestGroupOnTheWayUpCounts() throws {
        try write("proc/self/cgroup", "0::/jobs/step 1/rank\n")
        try write(
            "proc/self/mountinfo",
            "24 1 0:20 / / rw - ext4 /dev/sda rw\n31 24 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
        )
        try second("/jobs/step 1/rank", limit: "max", used: 100 << 20)
        try second("/jobs/step 1", limit: "\(1 << 30)", used: 700 << 20, cached: 300 << 20)
        try second("/jobs", limit: "\(4 << 30)", used: 1 << 30)
        #expect(found == (1 << 30) - (400 << 20))
        #expect(isLimited)
        // An exhausted limit leaves nothing, not less than nothing.
        try second("/jobs", limit: "\(1 << 20)", used: 2 << 20)
        #expect(found == 0)
    }

    @Test func inAContainerTheMountedGroupIsItsOwn() throws {
        try write("proc/self/cgroup", "0::/\n")
        try write("proc/self/mountinfo", "31 24 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
        try second("", limit: "\(600 << 20)", used: 100 << 20)
        #expect(found == 500 << 20)
    }

    @Test func inVersion1TheMemoryHierarchyCounts() throws {
        try write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/slurm/job_7\n0::/\n")
        try write(
            "proc/self/mountinfo",
            """
            32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
            35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,cpu,memory
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

            """)
        try first("sys/fs/cgroup/memory", limit: 9_223_372_036_854_771_712, used: 3 << 30)
        #expect(found == 8 << 30, "no limit anywhere")
        try first("sys/fs/cgroup/memory/slurm/job_7", limit: 420 << 20, used: 300 << 20, cached: 60 << 20)
        #expect(found == 180 << 20)
        #expect(isLimited)
    }

    @Test func aGroupThatIsMountedBelowTheRootIsFound() throws {
        try write("proc/self/cgroup", "4:memory:/docker/abc/inner\n")
        try write(
            "proc/self/mountinfo",
            "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n")
        try first("sys/fs/cgroup/memory/inner", limit: 2 << 30, used: 1 << 30)
        try first("sys/fs/cgroup/memory", limit: 3 << 30, used: 1 << 30)
        #expect(found == 1 << 30)
    }

    @Test func thisSystemTells() {
        #expect((AvailableMemory.bytes ?? 0) > 0)
    }
}
