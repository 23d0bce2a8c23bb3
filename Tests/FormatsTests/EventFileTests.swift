import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

/// The fields of a protocol-buffer message, by number: variable integers and fixed words as `UInt64`.
private func fields(_ message: Data) -> [Int: (number: UInt64, bytes: Data)] {
    var rest = message[...]
    func variable() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            value |= UInt64(byte & 0x7f) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return value
    }
    func bytes(_ count: Int) -> Data {
        defer { rest = rest.dropFirst(count) }
        return Data(rest.prefix(count))
    }
    func fixed(_ count: Int) -> UInt64 { bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var fields: [Int: (number: UInt64, bytes: Data)] = [:]
    while !rest.isEmpty {
        let key = variable()
        switch key & 7 {
        case 0: fields[Int(key >> 3)] = (variable(), Data())
        case 1: fields[Int(key >> 3)] = (fixed(8), Data())
        case 2: fields[Int(key >> 3)] = (0, bytes(Int(variable())))
        default: fields[Int(key >> 3)] = (fixed(4), Data())
        }
    }
    return fields
}

/// The records of a TFRecord file, checked against their checksums.
private func records(_ path: String) throws -> [Data] {
    let file = try Data(contentsOf: URL(fileURLWithPath: path))
    func word(_ offset: Int) -> UInt32 {
        (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(file[offset + $1]) }
    }
    var records: [Data] = []
    var offset = 0
    while offset < file.count {
        let count = Int(word(offset))
        let record = file.subdata(in: offset + 12..<offset + 12 + count)
        #expect(word(offset + 8) == file.subdata(in: offset..<offset + 8).withUnsafeBytes(CRC32C.masked))
        #expect(word(offset + 12 + count) == record.withUnsafeBytes(CRC32C.masked))
        records.append(record)
        offset += 16 + count
    }
    return records
}

@Suite struct EventFileTests {
    @Test func scalarsAreAnEventWithTagsValuesStepAndTime() throws {
        let directory = try TemporaryFolder()
        let file = try EventFile(directory: directory.path, date: Date(timeIntervalSince1970: 1000.5))
        try file.scalars(
            NamedValues([("rte/rate", 3), ("rte/loss", 0.25)]), step: 300,
            date: Date(timeIntervalSince1970: 1001.25))
        try file.scalars(NamedValues([("rte/loss", -.infinity)]), step: 0)
        let events = try records(file.path).map(fields)
        #expect(events.count == 3)
        #expect(events[0][1]?.number == (1000.5).bitPattern)
        #expect(events[0][3]?.bytes == Data("brain.Event:2".utf8))
        #expect(events[1][1]?.number == (1001.25).bitPattern)
        #expect(events[1][2]?.number == 300)
        let summary = try #require(events[1][5]?.bytes)
        let point = fields(try #require(fields(summary)[1]?.bytes))
        #expect(point[1]?.bytes == Data("rte/loss".utf8))
        #expect(point[2]?.number == UInt64(Float(0.25).bitPattern))
        #expect(summary.range(of: Data("rte/rate".utf8)) != nil)
    }

    @Test func aTextIsAStringForTheTextPlugin() throws {
        let directory = try TemporaryFolder()
        let file = try EventFile(directory: directory.path)
        try file.text("study", "# Title", step: 0)
        let summary = try #require(fields(try records(file.path)[1])[5]?.bytes)
        let value = fields(try #require(fields(summary)[1]?.bytes))
        #expect(value[1]?.bytes == Data("study".utf8))
        let tensor = fields(try #require(value[8]?.bytes))
        // DT_STRING, and the string.
        #expect(tensor[1]?.number == 7 && tensor[8]?.bytes == Data("# Title".utf8))
        let metadata = fields(try #require(value[9]?.bytes))
        #expect(fields(try #require(metadata[1]?.bytes))[1]?.bytes == Data("text".utf8))
    }

    @Test func aSessionStartVoidsItsStepAndLaterOnes() throws {
        let directory = try TemporaryFolder()
        let file = try EventFile(directory: directory.path)
        try file.sessionStart(step: 9, date: Date(timeIntervalSince1970: 1001.25))
        let event = fields(try records(file.path)[1])
        #expect(event[1]?.number == (1001.25).bitPattern && event[2]?.number == 9)
        // SessionLog.status is START.
        #expect(fields(try #require(event[7]?.bytes))[1]?.number == 1)
    }

    @Test func twoFilesOfOneSecondHaveTwoNames() throws {
        let directory = try TemporaryFolder()
        let date = Date(timeIntervalSince1970: 1000)
        let files = try (0..<3).map { _ in try EventFile(directory: directory.path, date: date) }
        #expect(Set(files.map(\.path)).count == 3)
        #expect(try directory.names.count == 3)
        #expect(try directory.names.allSatisfy { $0.hasPrefix("events.out.tfevents.1000.") })
    }

    @Test func aDirectoryThatIsNotThereIsNamed() throws {
        let directory = try TemporaryFolder()
        #expect(throws: Failure.self) { try EventFile(directory: directory.file("absent")) }
    }
}
