import Diagnostics
package import Foundation

/// A TensorBoard event file of scalars and texts.
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

    /// Appends a point to each curve, all in one record.
    package func scalars(_ points: NamedValues<Double>, step: Int, date: Date = Date()) throws {
        let values = points.entries.map { point in
            var value = ProtocolBufferMessage()
            value.append(Array(point.name.utf8), field: ValueField.tag)
            value.append(Float(point.value), field: ValueField.scalar)
            return value
        }
        try append(values, step: step, date)
    }

    /// Appends a text, which TensorBoard renders as Markdown.
    package func text(_ tag: String, _ text: String, step: Int, date: Date = Date()) throws {
        var plugin = ProtocolBufferMessage()
        plugin.append(Array("text".utf8), field: 1)
        var metadata = ProtocolBufferMessage()
        metadata.append(plugin.bytes, field: 1)
        // A tensor of no dimension that holds one string.
        var tensor = ProtocolBufferMessage()
        tensor.append(Int64(Self.stringType), field: 1)
        tensor.append([], field: 2)
        tensor.append(Array(text.utf8), field: 8)
        var value = ProtocolBufferMessage()
        value.append(Array(tag.utf8), field: ValueField.tag)
        value.append(tensor.bytes, field: ValueField.tensor)
        value.append(metadata.bytes, field: ValueField.metadata)
        try append([value], step: step, date)
    }

    private func append(_ values: [ProtocolBufferMessage], step: Int, _ date: Date) throws {
        var summary = ProtocolBufferMessage()
        for value in values { summary.append(value.bytes, field: 1) }
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

    /// `DataType.DT_STRING`.
    private static let stringType = 7

    /// Fields of a `Summary.Value`.
    private enum ValueField {
        static let tag = 1
        static let scalar = 2
        static let tensor = 8
        static let metadata = 9
    }

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
