import Diagnostics
package import Foundation

/// A TensorBoard event file of scalars.
///
/// The file is a sequence of TFRecords (length, masked checksum of the length, message, masked checksum of
/// the message); each message is a protocol-buffer `Event`. TensorBoard joins all files of a directory.
package final class EventFile {
    private let file: AppendingFile

    /// Creates an event file, named by time, host and process as TensorBoard expects.
    package init(directory: String, date: Date = Date()) throws {
        let seconds = date.timeIntervalSince1970
        let stem = "\(directory)/events.out.tfevents.\(Int(seconds)).\(hostName()).\(getpid())"
        var path = stem
        var number = 0
        while FileManager.default.fileExists(atPath: path) {
            number += 1
            path = "\(stem).\(number)"
        }
        file = try AppendingFile(path: path, existing: .refuse)
        var event = ProtocolBufferMessage()
        event.append(seconds, field: EventField.wallTime)
        event.append(Array("brain.Event:2".utf8), field: EventField.fileVersion)
        try append(event)
    }

    package var path: String { file.path }

    /// Appends a point to the curve `tag`.
    package func scalar(_ tag: String, _ value: Double, step: Int, date: Date = Date()) throws {
        var point = ProtocolBufferMessage()
        point.append(Array(tag.utf8), field: 1)
        point.append(Float(value), field: 2)
        var summary = ProtocolBufferMessage()
        summary.append(point.bytes, field: 1)
        var event = ProtocolBufferMessage()
        event.append(date.timeIntervalSince1970, field: EventField.wallTime)
        event.append(Int64(step), field: EventField.step)
        event.append(summary.bytes, field: EventField.summary)
        try append(event)
    }

    /// Marks the step at which a run resumes: TensorBoard discards earlier records of this and later steps.
    package func sessionStart(step: Int, date: Date = Date()) throws {
        var session = ProtocolBufferMessage()
        session.append(Int64(Self.start), field: 1)
        var event = ProtocolBufferMessage()
        event.append(date.timeIntervalSince1970, field: EventField.wallTime)
        event.append(Int64(step), field: EventField.step)
        event.append(session.bytes, field: EventField.sessionLog)
        try append(event)
    }

    /// `SessionLog.SessionStatus.START`.
    private static let start = 1

    private enum EventField {
        static let wallTime = 1
        static let step = 2
        static let fileVersion = 3
        static let summary = 5
        static let sessionLog = 7
    }

    private func append(_ event: ProtocolBufferMessage) throws {
        let length = Self.littleEndian(UInt64(event.bytes.count))
        try file.append(length + Self.checksum(of: length) + event.bytes + Self.checksum(of: event.bytes))
    }

    private static func checksum(of bytes: [UInt8]) -> [UInt8] {
        littleEndian(bytes.withUnsafeBytes(CRC32C.masked))
    }

    fileprivate static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}

/// A protocol-buffer message, with the encodings that events need.
private struct ProtocolBufferMessage {
    private(set) var bytes: [UInt8] = []

    private mutating func appendVariable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func appendKey(_ field: Int, wireType: UInt64) {
        appendVariable(UInt64(field) << 3 | wireType)
    }

    mutating func append(_ value: Int64, field: Int) {
        appendKey(field, wireType: 0)
        appendVariable(UInt64(bitPattern: value))
    }

    mutating func append(_ value: Double, field: Int) {
        appendKey(field, wireType: 1)
        bytes += EventFile.littleEndian(value.bitPattern)
    }

    mutating func append(_ value: [UInt8], field: Int) {
        appendKey(field, wireType: 2)
        appendVariable(UInt64(value.count))
        bytes += value
    }

    mutating func append(_ value: Float, field: Int) {
        appendKey(field, wireType: 5)
        bytes += EventFile.littleEndian(value.bitPattern)
    }
}
