import Diagnostics
import Encoders
import Foundation
import TestSupport
import Testing

/// Backbones are found by name where `huggingface_hub` keeps them.
@Suite struct HubCacheTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"
    private static let other = "89abcdef0123456789abcdef0123456789abcdef"

    private let folder: TemporaryFolder
    private let cache: HubCache

    /// A cache with `org/tiny`: its `main` and `pr/1` are commits with files, its `v2` is one without.
    init() throws {
        folder = try TemporaryFolder([
            "models--org--tiny/refs/main": Self.commit, "models--org--tiny/refs/refs/pr/1": Self.other + "\n",
            "models--org--tiny/refs/v2": "fedcba", "models--org--tiny/refs/broken": "not a hash",
            "models--org--tiny/snapshots/\(Self.commit)/config.json": "{}",
            "models--org--tiny/snapshots/\(Self.other)/config.json": "{}",
            "models--lone/refs/main": Self.commit, "models--empty/blobs/x.incomplete": "",
            "models--lone/snapshots/\(Self.commit)/config.json": "{}",
        ])
        cache = HubCache(["HF_HUB_CACHE": folder.path])
    }

    @Test(
        arguments: [
            ([:], "/home/me/.cache/huggingface/hub"), (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
            (["HF_HOME": "/hf", "XDG_CACHE_HOME": "/x"], "/hf/hub"), (["HF_HOME": "~/hf"], "/home/me/hf/hub"),
            (["HF_HOME": "$SCRATCH/${GROUP}/$NONE", "SCRATCH": "/s", "GROUP": "g"], "/s/g/$NONE/hub"),
            (["HF_HUB_CACHE": "/cache", "HF_HOME": "/hf"], "/cache"),
            (["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/hf"], "/old"),
            (["HF_HUB_CACHE": "", "HF_HOME": ""], "/home/me/.cache/huggingface/hub"),
        ] as [([String: String], String)])
    func theEnvironmentNamesTheCache(variables: [String: String], path: String) {
        #expect(HubCache(["HOME": "/home/me"].merging(variables) { $1 }).path == path)
    }

    @Test(
        arguments: [
            ("roberta-base", "roberta-base", "main"), ("org/tiny@v1.0", "org/tiny", "v1.0"),
            ("a_b.c/D-1@refs/pr/1", "a_b.c/D-1", "refs/pr/1"),
        ])
    func aNameIsOrganisationNameAndRevision(text: String, id: String, revision: String) throws {
        let name = try #require(HubName(text))
        #expect((name.id, name.revision) == (id, revision))
        #expect(name.description == (revision == "main" ? id : text))
    }

    @Test(
        arguments: [
            "", "a/b/c", "/a", "./a", "../a", "a/", "~/a", "a b", "a--b", "a@", "a@/etc", "a@../x", "@main",
            "é/x",
        ])
    func aPathIsNoName(text: String) { #expect(HubName(text) == nil) }

    @Test(
        arguments: [
            ("hf:org/tiny", commit), ("org/tiny", commit), ("org/tiny@main", commit), ("lone", commit),
            ("hf:org/tiny@refs/pr/1", other), ("hf:org/tiny@\(other)", other),
        ])
    func aNameLeadsToItsSnapshot(text: String, commit: String) throws {
        let reference = try BackboneReference(text, in: cache)
        let snapshot = try #require(reference.snapshot)
        #expect(snapshot.commit == commit)
        #expect(reference.folder == snapshot.folder)
        #expect(reference.folder.hasSuffix("/snapshots/\(commit)"))
        #expect(FileManager.default.fileExists(atPath: "\(reference.folder)/config.json"))
        #expect(reference.name == text)
        #expect(reference.publicName == (text.contains("lone") ? "lone" : "org/tiny"))
    }

    /// A folder comes before a model of that name; a path that does not exist stays one.
    @Test func aFolderIsAPath() throws {
        let there = try BackboneReference(folder.path, in: cache)
        #expect(there.snapshot == nil && there.folder == folder.path && there.publicName == folder.path)
        let none = try BackboneReference("org/none", in: cache)
        #expect(none.snapshot == nil && none.folder == "org/none")
        let working = URL(filePath: FileManager.default.currentDirectoryPath)
        let name = "hadamesh-\(UUID().uuidString)"
        try folder.write("", to: "models--\(name)/refs/main")
        #expect(throws: Failure.self) { try BackboneReference(name, in: cache) }
        let place = working.appending(path: name).path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: place) }
        #expect(try BackboneReference(name, in: cache).folder == name)
    }

    @Test(
        arguments: [
            ("hf:org/none", "hf:org/none is not in the Hugging Face cache CACHE", "hub org/none gets it"),
            ("hf:a/b/c", "hf:a/b/c is not a model's name, expected hf:ORG/NAME or", "@REVISION"),
            (
                "org/tiny@v1",
                "has no revision 'v1' of org/tiny, in CACHE/models--org--tiny; it has broken, main, refs, v2",
                "launch/fetch encoder hub org/tiny@v1"
            ),
            ("hf:empty", "has no revision 'main' of empty, in CACHE/models--empty; it has none", "hub empty"),
            (
                "hf:org/tiny@v2",
                "no files of org/tiny@v2: there is no snapshots/fedcba, the commit in refs/v2", "org/tiny@v2"
            ),
            (
                "hf:org/tiny@\(commit.replacing("0", with: "9"))",
                "there is no snapshots/9123456789abcdef9123", "launch/fetch"
            ),
            (
                "hf:org/tiny@broken", "refs/broken: found 'not a hash', expected the hash of a commit",
                "gets it"
            ),
        ])
    func aMissingModelIsNamed(text: String, message: String, remedy: String) throws {
        let failure = try #require(throws: Failure.self) { try BackboneReference(text, in: cache) }
        let words = failure.description
        #expect(words.contains(message.replacing("CACHE", with: folder.path)), "\(words)")
        #expect(words.contains(remedy), "\(words)")
    }
}
