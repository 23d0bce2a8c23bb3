import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
    @Test(arguments: [0, 1, 4096, 100_000]) func theBytesAreThoseOfTheFile(count: Int) throws {
        let directory = try TemporaryFolder()
        let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let file = try MappedFile(path: directory.write(data, to: "bytes"))
        #expect(file.bytes.count == count)
        #expect(Data(file.bytes) == data)
        withExtendedLifetime(file) {}
    }

    @Test func whatIsNoReadableFileIsNamed() throws {
        let directory = try TemporaryFolder()
        let missing = directory.file("missing")
        #expect(
            throws: Failure.data(
                "cannot open: No such file or directory", at: missing, remedy: "check the path")
        ) {
            try MappedFile(path: missing)
        }
        #expect(throws: Failure.data("found a directory, expected a file", at: directory.path)) {
            try MappedFile(path: directory.path)
        }
        mkfifo(directory.file("pipe"), 0o600)
        for path in ["/dev/null", directory.file("pipe")] {
            #expect(throws: Failure.data("found a device or pipe, expected a file", at: path)) {
                try MappedFile(path: path)
            }
        }
    }

    @Test(.enabled(if: getuid() != 0, "the superuser may read every file"))
    func anUnreadableFileIsNamed() throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(Data([1]), to: "secret")
        chmod(path, 0)
        #expect(throws: Failure.self) { try MappedFile(path: path) }
    }
}

@Suite struct AtomicFileTests {
    let directory: TemporaryFolder

    init() throws { directory = try TemporaryFolder() }

    private func content(_ name: String) throws -> String {
        try String(contentsOfFile: directory.file(name), encoding: .utf8)
    }

    @Test func aFileIsMadeAndReplacedLeavingNothingElse() throws {
        for text in ["first", "", "third, which is longer"] {
            try AtomicFile.write(Data(text.utf8), to: directory.file("file"))
            #expect(try content("file") == text)
        }
        #expect(try directory.names == ["file"])
    }

    @Test func theNewFileIsReadableByOthersAsFarAsTheUmaskAllows() throws {
        let mask = umask(0)
        umask(mask)
        try AtomicFile.write(Data(), to: directory.file("file"))
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.file("file"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.uint32Value == 0o644 & ~mask)
    }

    @Test func aSymbolicLinkStaysALink() throws {
        try AtomicFile.write(Data("old".utf8), to: directory.file("target"))
        symlink("target", directory.file("link"))
        try AtomicFile.write(Data("new".utf8), to: directory.file("link"))
        #expect(try content("target") == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.file("link")) == "target")
    }

    @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
        let missing = directory.file("no/such/file")
        #expect(
            throws: Failure.data(
                "cannot write: No such file or directory", at: missing, remedy: "check the path")
        ) {
            try AtomicFile.write(Data(), to: missing)
        }
        #expect(throws: Failure.data("cannot write: found a directory, expected a file", at: directory.path))
        {
            try AtomicFile.write(Data(), to: directory.path)
        }
        #expect(
            throws: Failure.data("cannot write: found a device or pipe, expected a file", at: "/dev/full")
        ) {
            try AtomicFile.write(Data(), to: "/dev/full")
        }
        #expect(throws: Failure.self) { try AtomicFile.write(Data(), to: "") }
        #expect(throws: Failure.self) { try AtomicFile.synchronizeDirectory(missing) }
    }

    @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
    func aForbiddenDirectoryIsNamed() throws {
        chmod(directory.path, 0o500)
        defer { chmod(directory.path, 0o700) }
        let failure = #expect(throws: Failure.self) {
            try AtomicFile.write(Data(), to: directory.file("file"))
        }
        #expect(failure?.message == "cannot write: Permission denied")
    }
}

@Suite struct FolderTests {
    @Test(arguments: ["a", "a/b//c/", ""]) func missingFoldersAreMadeAndExistingOnesKept(name: String) throws
    {
        let directory = try TemporaryFolder()
        for _ in 0..<2 { try Directory.create(directory.file(name)) }
        #expect(FileManager.default.isWritableFile(atPath: directory.file(name)))
    }

    @Test func aFileInTheWayIsNamed() throws {
        let directory = try TemporaryFolder()
        let file = try directory.write(Data(), to: "file")
        #expect(throws: Failure.data("found a file, expected a directory", at: file)) {
            try Directory.create(file)
        }
        #expect(
            throws: Failure.data(
                "cannot create the directory: Not a directory", at: file + "/a",
                remedy: "a component of the path is a file, not a directory")
        ) {
            try Directory.create(file + "/a")
        }
    }
}
