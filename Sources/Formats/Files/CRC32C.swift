/// The CRC-32C (Castagnoli) checksum, computed eight bytes at a time.
package struct CRC32C: Sendable {
    private var state: UInt32 = .max

    package init() {}

    /// The checksum of the bytes added so far.
    package var value: UInt32 { ~state }

    /// The checksum in hexadecimal digits, without leading zeros.
    package var hexadecimal: String { String(value, radix: 16) }

    package static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        String(checksum(bytes), radix: 16)
    }

    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    /// The masked checksum of TFRecord files: a CRC of data that itself contains CRCs would be weak.
    package static func masked(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let value = checksum(bytes)
        return ((value >> 15) | (value << 17)) &+ 0xa282_ead8
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        Self.tables.withUnsafeBufferPointer { table in
            var position = 0
            while position + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for byte in 0..<8 {
                    let value = Int(truncatingIfNeeded: mixed >> UInt64(8 * byte)) & 0xff
                    crc ^= table[256 * (7 - byte) + value]
                }
                position += 8
            }
            while position < bytes.count {
                crc = table[Int((crc ^ UInt32(bytes[position])) & 0xff)] ^ (crc >> 8)
                position += 1
            }
        }
        state = crc
    }

    /// Eight tables of 256 entries: table `k` has the effect of a byte followed by `k` zero bytes.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        for byte in UInt32(0)..<256 {
            var crc = byte
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1 }
            tables.append(crc)
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables.append(tables[Int(before & 0xff)] ^ (before >> 8))
        }
        return tables
    }()
}
