/// How the reference tokenizer classifies characters.
///
/// Hugging Face's `tokenizers` takes general categories and combining classes from Unicode 8: later
/// characters count as plain letters, and a character whose category has changed since keeps the old one.
/// White space and lower-case mappings follow the Unicode version of its compiler, 17. Both versions are
/// pinned here, so ids do not depend on the Unicode version of this machine.
extension Unicode.Scalar {
    /// True if cleaning removes the character: NUL, U+FFFD, controls, formats and private use.
    ///
    /// Tab, line feed and carriage return are white space. Unassigned characters stay.
    var isRemovedByCleaning: Bool {
        switch value {
        case 0, 0xFFFD: return true
        case 0x09, 0x0A, 0x0D: return false
        default: break
        }
        switch properties.generalCategory {
        case .control, .privateUse: return true
        case .format: return isInUnicode(8)
        default: return false
        }
    }

    /// True if the character separates words.
    var isSeparator: Bool { properties.isWhitespace }

    /// True if the character is a word of its own: ASCII punctuation, or Unicode's categories P.
    var isIsolated: Bool {
        if value < 0x80 {
            switch value {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
            default: return false
            }
        }
        // CANADIAN SYLLABICS CHI SIGN and SHARADA SANDHI MARK were punctuation in Unicode 8.
        if value == 0x166D || value == 0x111C9 { return true }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return isInUnicode(8)
        default: return false
        }
    }

    /// True if stripping accents removes the character: a nonspacing mark (Mn).
    var isAccent: Bool {
        switch value {
        case 0..<0x300: return false
        // Nonspacing marks now, but letters, a spacing mark and punctuation in Unicode 8.
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
        // Nonspacing marks in Unicode 8 only.
        case 0x1734, 0x1171E: return true
        default: return properties.generalCategory == .nonspacingMark && isInUnicode(8)
        }
    }

    /// True if the character gets a space on both sides: CJK ideographs, but neither kana nor Hangul.
    var isChinese: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }

    /// The class by which canonical ordering sorts marks; 0 for characters that it does not move.
    var combiningClass: UInt8 {
        guard value >= 0x300 else { return 0 }
        let found = properties.canonicalCombiningClass.rawValue
        return found != 0 && isInUnicode(8) ? found : 0
    }

    /// True if the reference knows a lower-case mapping of the character.
    var isLowercased: Bool { properties.changesWhenLowercased && isInUnicode(17) }

    /// True if a regular expression's `\w` matches the character.
    var isWordCharacter: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }

    /// True if the character was assigned by that major version of Unicode.
    func isInUnicode(_ major: Int) -> Bool { properties.age.map { $0.major <= major } ?? false }
}
