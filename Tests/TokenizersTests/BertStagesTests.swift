import Testing
import Tokenizers

/// The normaliser and the cut into words, on every Unicode scalar there is.
@Suite struct BertStagesTests {
    private struct Scalars: Decodable {
        var clean_text: [String]
        var handle_chinese_chars: [String]
        var strip_accents: [String]
        var lowercase: [String]
        var words: [String]
    }

    private static let untouched = BertNormalizer(
        cleansText: false, isolatesChinese: false, stripsAccents: false, lowercases: false)

    @Test func everyScalarIsNormalisedAsTheReferenceDoes() throws {
        let golden = try Goldens.read("scalars.json", as: Scalars.self)
        var (clean, chinese, strip, lower) = (Self.untouched, Self.untouched, Self.untouched, Self.untouched)
        clean.cleansText = true
        chinese.isolatesChinese = true
        strip.stripsAccents = true
        lower.lowercases = true
        for (block, text) in blocks().enumerated() {
            let name = "block U+\(String(block * 0x1000, radix: 16))"
            #expect(fingerprint(clean.normalize(text)) == golden.clean_text[block], "\(name)")
            #expect(fingerprint(chinese.normalize(text)) == golden.handle_chinese_chars[block], "\(name)")
            #expect(fingerprint(strip.normalize(text)) == golden.strip_accents[block], "\(name)")
            #expect(fingerprint(lower.normalize(text)) == golden.lowercase[block], "\(name)")
        }
    }

    @Test func everyScalarCutsWordsAsTheReferenceDoes() throws {
        let golden = try Goldens.read("scalars.json", as: Scalars.self)
        for (block, text) in blocks().enumerated() {
            let words = BertPreTokenizer().words(in: text).joined(separator: "\n")
            #expect(fingerprint(words) == golden.words[block], "block U+\(String(block * 0x1000, radix: 16))")
        }
    }

    @Test func nothingIsDoneWhenNothingIsAsked() {
        let text = "A\u{0}\t中\u{E9}e\u{301}\u{FFFD} \u{1D15E}"
        #expect(Self.untouched.normalize(text).utf8.elementsEqual(text.utf8))
    }

    @Test func longRunsOfMarksAreSortedAndStripped() {
        let marks = String(repeating: "\u{302E}\u{1D16D}\u{327}", count: 20_000)
        var text = Self.untouched
        text.stripsAccents = true
        let expected =
            "a" + String(repeating: "\u{302E}", count: 20_000) + String(repeating: "\u{1D16D}", count: 20_000)
        #expect(text.normalize("a" + marks).unicodeScalars.elementsEqual(expected.unicodeScalars))
    }

    /// Every scalar in blocks of 4096, with an x on both sides.
    private func blocks() -> [String] {
        stride(from: UInt32(0), to: 0x110000, by: 0x1000).map { start in
            var text = String.UnicodeScalarView("x".unicodeScalars)
            for scalar in (start..<start + 0x1000).compactMap(Unicode.Scalar.init) {
                text.append(scalar)
                text.append("x")
            }
            return String(text)
        }
    }

    /// FNV-1a in 64 bits.
    private func fingerprint(_ text: String) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
