import Foundation
import Runs
import TestSupport
import Testing

@Suite struct RunDirectoryTests {
    let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    private func failure(_ action: () throws -> RunDirectory) -> String {
        do { return "made \(try action().path)" } catch { return "\(error)" }
    }

    @Test func namesAreThoseThatScriptsRelyOn() throws {
        let run = try RunDirectory.create(at: place.file("run"))
        let names = [
            run.studyFile, run.manifestFile, run.journalFile, run.resultsFile, run.timelineFile, run.adapters,
            run.adapters(task: "rte"), run.checkpoints, run.checkpoint(step: 30),
        ]
        #expect(
            names.map { $0.dropFirst(run.path.count) } == [
                "/study.yaml", "/manifest.json", "/journal.jsonl", "/results.json", "/timeline.json",
                "/adapters",
                "/adapters/rte", "/checkpoints", "/checkpoints/step-30",
            ])
    }

    @Test(arguments: ["a", "a/b/c", "a/", ".", ""]) func aNewOrEmptyDirectoryIsMade(name: String) throws {
        let run = try RunDirectory.create(at: place.file(name))
        #expect(FileManager.default.isWritableFile(atPath: run.path))
        #expect(!run.path.hasSuffix("/"))
    }

    @Test(arguments: ["stderr.log", "slurm-12.out", "study.o12", "study.e12", ".nfs1"])
    func logsAreNoRun(name: String) throws {
        try place.write("", to: name)
        _ = try RunDirectory.create(at: place.path)
        _ = try RunDirectory.claim(place.path, resuming: true)
    }

    @Test func checkpointsAloneAreResumed() throws {
        try place.write("", to: "checkpoints/step-1/checkpoint.json")
        #expect(failure { try .create(at: place.path) }.contains("(found checkpoints)"))
        _ = try RunDirectory.claim(place.path, resuming: true)
    }

    @Test(arguments: ["manifest.json", "journal.jsonl"])
    func aDirectoryWithARunIsOpenedButNotCreated(trace: String) throws {
        try place.write("", to: trace)
        for text in [
            failure { try .create(at: place.path) },
            failure { try .claim(place.path, resuming: false).directory },
        ] {
            #expect(text.hasPrefix("\(place.path): this run already exists (found \(trace))"))
            #expect(text.contains("--resume") && text.contains("--output"))
        }
        #expect(
            try RunDirectory.open(at: place.path)
                == RunDirectory.claim(place.path + "/", resuming: true).directory)
    }

    @Test(arguments: [
        "results.json", "report.html", "study.yaml", "citations.bib", "config.json", "first/manifest.json",
    ])
    func aFolderWithOtherFilesIsNoPlaceForARun(name: String) throws {
        try place.write("own", to: name)
        let found = name.split(separator: "/")[0]
        for text in [
            failure { try .create(at: place.path) },
            failure { try .claim(place.path, resuming: false).directory },
            failure { try .claim(place.path, resuming: true).directory },
        ] {
            #expect(text.hasPrefix("\(place.path): holds other files (found \(found))"))
        }
        #expect(try place.read(name) == Data("own".utf8))
    }

    @Test func aPlaceWithoutARunIsNotOpened() throws {
        #expect(failure { try .open(at: place.path) }.contains("found no run in it"))
        #expect(failure { try .open(at: place.file("absent")) }.contains("no such run directory"))
        #expect(!FileManager.default.fileExists(atPath: place.file("absent")))
    }

    @Test func theCommandThatContinuesARunIsOneForTheShell() {
        #expect(RunDirectory(path: "runs/a-1").resumption == "hadamesh train --resume runs/a-1")
        #expect(RunDirectory(path: "my runs/it's").resumption == "hadamesh train --resume 'my runs/it'\\''s'")
    }

    @Test func aPlaceThatCannotBeADirectoryIsNamed() throws {
        try Data().write(to: URL(fileURLWithPath: place.file("file")))
        #expect(
            failure { try .create(at: place.file("file")) }.hasSuffix(
                "file: found a file, expected a directory")
        )
        let below = failure { try .create(at: place.file("file/run")) }
        #expect(below.contains("file/run: cannot create the directory: Not a directory"))
    }

    @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
    func aForbiddenPlaceIsNamed() throws {
        chmod(place.path, 0o500)
        defer { chmod(place.path, 0o700) }
        #expect(failure { try .create(at: place.file("run")) }.contains("Permission denied"))
        #expect(
            failure { try .create(at: place.path) }.contains(
                "cannot write into the directory: Permission denied"))
    }
}
