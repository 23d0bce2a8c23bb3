import Foundation

/// Canonical decomposition (NFD) as of Unicode 8.
///
/// Foundation decomposes single characters. Hangul and the order of marks are handled here, because
/// Foundation also orders marks that the reference tokenizer does not know.
enum Decomposition {
    static func decompose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count + text.count / 4)
        for scalar in text { append(scalar, to: &result) }
        order(&result)
        return result
    }

    /// Appends one character's full decomposition.
    private static func append(_ scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]) {
        switch scalar.value {
        case 0..<0xC0, 0x3100..<0xAC00, 0x20000..<0x2F800:
            // Nothing in these blocks decomposes: ASCII and controls, bopomofo to Yi, plane 2's ideographs.
            result.append(scalar)
        case 0xAC00...0xD7A3:
            appendSyllable(scalar.value - 0xAC00, to: &result)
        default:
            guard scalar.isInUnicode(8) else { return result.append(scalar) }
            result.append(contentsOf: String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
        }
    }

    /// Appends the two or three conjoining jamo of a Hangul syllable (Unicode, section 3.12).
    private static func appendSyllable(_ index: UInt32, to result: inout [Unicode.Scalar]) {
        let (vowels, finals): (UInt32, UInt32) = (21, 28)
        let jamo = [
            0x1100 + index / (vowels * finals), 0x1161 + index % (vowels * finals) / finals,
            0x11A7 + index % finals,
        ]
        result.append(contentsOf: jamo.prefix(index % finals == 0 ? 2 : 3).compactMap(Unicode.Scalar.init))
    }

    /// A character with a combining class other than 0.
    private struct Mark {
        let combiningClass: UInt8
        let index: Int
        let scalar: Unicode.Scalar
    }

    /// Sorts each run of marks by combining class; marks of one class keep their order.
    private static func order(_ text: inout [Unicode.Scalar]) {
        var start = 0
        while start < text.count {
            guard text[start].combiningClass != 0 else {
                start += 1
                continue
            }
            var run: [Mark] = []
            var end = start
            while end < text.count, case let found = text[end].combiningClass, found != 0 {
                run.append(Mark(combiningClass: found, index: end, scalar: text[end]))
                end += 1
            }
            if run.count > 1 {
                run.sort { ($0.combiningClass, $0.index) < ($1.combiningClass, $1.index) }
                for (offset, mark) in run.enumerated() { text[start + offset] = mark.scalar }
            }
            start = end
        }
    }
}
