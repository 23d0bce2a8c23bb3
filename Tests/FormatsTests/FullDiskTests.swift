import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

/// A file system of 64 kB, which only the superuser can make.
private final class TinyFileSystem {
    let path: String
    // Kept, so that it outlives the mount in it.
    private let directory: TemporaryFolder

    init?() {
        guard getuid() == 0, let directory = try? TemporaryFolder() else { return nil }
        self.directory = directory
        path = directory.file("tiny")
        mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return nil }
    }

    deinit { umount(path) }
}

@Suite struct FullDiskTests {
    static let canMount = TinyFileSystem() != nil

    @Test(.enabled(if: canMount, "a file system can only be mounted by the superuser"))
    func aFullDiskLeavesTheOldFileAndSaysSo() throws {
        let disk = try #require(TinyFileSystem())
        let path = "\(disk.path)/file"
        try AtomicFile.write(Data("old".utf8), to: path)
        let failure = #expect(throws: Failure.self) { try AtomicFile.write(Data(count: 200_000), to: path) }
        #expect(failure?.location == path)
        #expect(failure?.message == "cannot write: No space left on device")
        #expect(failure?.remedy?.contains("free space") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["file"])
    }

    @Test(.enabled(if: canMount, "a file system can only be mounted by the superuser"))
    func aLineThatDoesNotFitIsTakenBack() throws {
        let disk = try #require(TinyFileSystem())
        let path = "\(disk.path)/lines.jsonl"
        let lines = try JSONLines(path: path, appending: false)
        let short = JSONValue.string(String(repeating: "a", count: 1000))
        try lines.append(short)
        #expect(throws: Failure.self) { try lines.append(.string(String(repeating: "b", count: 200_000))) }
        try lines.append(short)
        #expect(try JSONLines.read(path: path) == [short, short])
    }

    @Test func aDeviceThatIsAlwaysFullFailsTheFirstLine() throws {
        let lines = try JSONLines(path: "/dev/full", appending: false)
        let failure = #expect(throws: Failure.self) { try lines.append(1) }
        #expect(failure?.message == "cannot write: No space left on device")
    }
}
