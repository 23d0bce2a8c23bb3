import Formats
import Foundation
import TestSupport
import Testing

@Suite struct ZipArchiveTests {
    @Test func theChecksumIsThatOfEthernet() {
        #expect(ZipArchive.crc32(Data("123456789".utf8)) == 0xcbf4_3926)
        #expect(ZipArchive.crc32(Data()) == 0)
    }

    @Test func anotherReaderFindsTheFilesWhole() async throws {
        let folder = try TemporaryFolder()
        let files = NamedValues([
            ("a.tsv", Data("index\tprediction\n".utf8)), ("b", Data()), ("c", Data(0...255)),
        ])
        let path = folder.file("files.zip")
        try ZipArchive.write(files, to: path)
        // testzip() compares every checksum.
        let script = """
            import sys, zipfile
            archive = zipfile.ZipFile(sys.argv[1])
            assert archive.testzip() is None
            for entry in archive.infolist():
                mode = oct(entry.external_attr >> 16)
                print(entry.filename, entry.date_time[:3], mode, archive.read(entry).hex())
            """
        let job = try await Launcher.run(ranks: nil, command: ["python3", "-c", script, path])
        let expected = files.entries.map { file in
            "\(file.name) (1980, 1, 1) 0o100644 \(file.value.map { String(format: "%02x", $0) }.joined())\n"
        }
        #expect(job.output == expected.joined() && job.status == 0, "\(job)")
        let bytes = try folder.read("files.zip")
        try ZipArchive.write(files, to: path)
        #expect(try folder.read("files.zip") == bytes)
    }
}
