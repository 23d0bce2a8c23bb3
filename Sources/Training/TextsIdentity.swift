import Formats
import Tasks

/// Texts to be tokenized, as processes compare them.
package struct TextsIdentity: Sendable {
    /// Their name in failures.
    package let name: String
    /// The tokenizer's checksum.
    package let tokenizer: String
    let examples: [Example]

    package var count: Int { examples.count }

    /// A checksum of all texts.
    package var checksum: UInt32 {
        var checksum = CRC32C()
        for example in examples {
            for text in [example.first, example.second ?? ""] {
                // A zero byte parts texts.
                Array(text.utf8 + [0]).withUnsafeBytes { checksum.update($0) }
            }
        }
        return checksum.value
    }
}
