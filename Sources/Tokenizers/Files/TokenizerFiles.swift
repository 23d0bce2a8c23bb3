import Diagnostics
import Formats
import Foundation

/// The files of one folder by name.
struct TokenizerFiles {
    private let directory: String

    init(_ directory: String) { self.directory = directory }

    func path(_ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The bytes of a file, which must be UTF-8, without a byte order mark; nil if it is not there.
    func bytes(_ name: String) throws -> [UInt8]? {
        guard has(name) else { return nil }
        guard let data = FileManager.default.contents(atPath: path(name)) else {
            throw Failure.data(
                "the file cannot be read", at: path(name),
                remedy: "check that it is a file, and its permissions")
        }
        let bytes = Array(data)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure.data("found bytes that are not UTF-8", at: "\(path(name)):\(brokenLine(bytes))")
        }
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    /// The object in a JSON file; an empty one if there is no file.
    func section(_ name: String) throws -> JSONSection {
        guard let bytes = try bytes(name) else { return JSONSection(.object([]), at: path(name)) }
        let value = try bytes.withUnsafeBytes { try JSONValue(parsing: $0, at: path(name)) }
        guard value.object != nil else {
            throw Failure.data("found \(value.kind), expected an object", at: path(name))
        }
        return JSONSection(value, at: path(name))
    }

    /// The first line that is not UTF-8.
    private func brokenLine(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}
