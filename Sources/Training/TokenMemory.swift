package import Diagnostics
package import Encoders
import Formats
import Tasks

/// The memory of tokenized texts: of this process, or of the ranks of a node that share it.
package protocol TokenMemory {
    /// Memory with the tokens of texts, of which each process that shares it tokenizes a part.
    ///
    /// Processes with other texts or another tokenizer are refused.
    func tokens(
        of texts: TextsIdentity, _ tokenize: (Range<Int>) throws -> TokenPart
    ) throws -> FilledTokens

    /// Runs `body` in each process; if it throws in one, it throws in all.
    func together<Value>(_ body: () throws -> Value) throws -> Value

    /// A warning, if memory could not be shared.
    var refusal: Failure? { get }
}

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

/// Memory with the tokens of texts.
package struct FilledTokens {
    let size: TokenTableSize
    let bounds: TokenBounds
    let memory: FilledMemory

    package init(_ size: TokenTableSize, _ bounds: TokenBounds, in memory: FilledMemory) {
        (self.size, self.bounds, self.memory) = (size, bounds, memory)
    }

    /// The tokens of one part, in memory of this process.
    package init(_ part: TokenPart) throws {
        let size = part.size
        let memory = try PrivateMemory().allocate(byteCount: size.bytes) {
            part.write(into: $0, of: size, after: TokenTableSize(texts: 0, tokens: 0))
        }
        self.init(size, part.bounds, in: memory)
    }
}

/// Memory of this process, which tokenizes all texts.
package struct PrivateTokens: TokenMemory {
    package init() {}

    package var refusal: Failure? { nil }

    package func tokens(
        of texts: TextsIdentity, _ tokenize: (Range<Int>) throws -> TokenPart
    ) throws -> FilledTokens {
        try FilledTokens(tokenize(0..<texts.count))
    }

    package func together<Value>(_ body: () throws -> Value) throws -> Value { try body() }
}
