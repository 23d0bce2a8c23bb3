import Diagnostics
package import Foundation

/// Writes zip archives of uncompressed files; equal files give equal bytes.
package enum ZipArchive {
    /// Writes an archive with the files at its root, dated 1980-01-01, the format's first day.
    ///
    /// The format's 32-bit sizes limit the archive to 4 GiB.
    package static func write(_ files: NamedValues<Data>, to path: String) throws {
        var archive = Data()
        var directory = Data()
        for file in files.entries {
            let (name, data) = (file.name, file.value)
            let offset = archive.count
            guard let size = UInt32(exactly: data.count), let start = UInt32(exactly: offset) else {
                throw Failure.data("a zip archive holds at most 4 GiB", at: path)
            }
            // The version to extract with, no flags, no compression, time, date; names and no extra field.
            var entry = Data()
            entry.append(20, 0, 0, 0, 0x21 as UInt16)
            entry.append(crc32(data), size, size)
            entry.append(UInt16(name.utf8.count), 0 as UInt16)
            archive.append(0x0403_4b50 as UInt32)
            archive += entry + Data(name.utf8) + data
            directory.append(0x0201_4b50 as UInt32)
            // Made on Unix, with version 2.0.
            directory.append(0x0314 as UInt16)
            directory += entry
            // No comment, the first disk, no internal attributes; a file that all may read.
            directory.append(0, 0, 0 as UInt16)
            directory.append(0o100644 << 16, start)
            directory += Data(name.utf8)
        }
        guard let start = UInt32(exactly: archive.count), let count = UInt16(exactly: files.entries.count)
        else {
            throw Failure.data("a zip archive holds at most 4 GiB and 65535 files", at: path)
        }
        archive += directory
        archive.append(0x0605_4b50 as UInt32)
        archive.append(0, 0, count, count)
        archive.append(UInt32(directory.count), start)
        archive.append(0 as UInt16)
        try AtomicFile.write(archive, to: path)
    }

    /// The checksum of Ethernet, of which zip keeps one for each file.
    package static func crc32(_ data: Data) -> UInt32 {
        ~data.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
    }
}

extension Data {
    /// Appends integers in the order of their bytes in a zip archive, the lowest first.
    fileprivate mutating func append<Number: FixedWidthInteger>(_ numbers: Number...) {
        for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
    }
}
