import Foundation
import TestSupport

extension Data {
    /// A copy with one to four random edits: bits flipped, bytes cut, parts spliced in, tokens
    /// replaced by extremes.
    func mutated(_ random: inout TestRandom) -> Data {
        var bytes = [UInt8](self)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let range = bytes.part(&random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                for index in range.prefix(4) { bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 1: bytes.removeSubrange(range)
            case 2: bytes.removeSubrange(range.lowerBound...)
            case 3: bytes.insert(contentsOf: Array(bytes[range]), at: bytes.part(&random).lowerBound)
            case 4: bytes.replaceSubrange(range.prefix(2), with: Self.extremes(&random))
            default: bytes.replaceNumber(with: Self.extremes(&random), &random)
            }
        }
        return Data(bytes)
    }

    /// A safetensors file with its header mutated and the length before it put right.
    func mutatedHeader(_ random: inout TestRandom) -> Data {
        let length = prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = Data(dropFirst(8).prefix(length)).mutated(&random)
        return Data((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }) + header
            + dropFirst(8 + length)
    }

    private static func extremes(_ random: inout TestRandom) -> [UInt8] {
        let texts = [
            "0", "-1", "1e308", "-0.0", "1e-320", "2147483648", "9223372036854775807", "-9223372036854775808",
            "18446744073709551615", "99999999999999999999", "null", "true", "[]", "{}", "\"\"", "\"\\ud800\"",
            "\t", "\n", "\r", "\u{0}", "\u{FEFF}", "e\u{301}", "\u{10FFFF}",
        ]
        return Array((texts.randomElement(using: &random) ?? "").utf8)
    }
}

extension [UInt8] {
    /// A random range, mostly a short one.
    fileprivate func part(_ random: inout TestRandom) -> Range<Int> {
        let start = Int.random(in: 0...count, using: &random)
        let longest = Bool.random(using: &random) ? 8 : count
        return start..<Swift.min(count, start + Int.random(in: 0...longest, using: &random))
    }

    /// Replaces the first number after a random place.
    fileprivate mutating func replaceNumber(with other: [UInt8], _ random: inout TestRandom) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let start = Int.random(in: 0...count, using: &random)
        guard let first = self[start...].firstIndex(where: digits.contains) else { return }
        let end = self[first...].firstIndex { !digits.contains($0) } ?? count
        replaceSubrange(first..<end, with: other)
    }
}
