package import Diagnostics
package import Encoders

/// The memory of tokenized texts: of this process, or of the ranks of a node that share it.
package protocol TokenMemory {
    /// Memory with the tokens of `count` texts, of which each process that shares it tokenizes a part.
    ///
    /// `checksum` is that of all texts: processes with other texts are refused. Failures name the texts.
    func tokens(
        ofTexts count: Int, checksum: UInt32, name: String, _ tokenize: (Range<Int>) throws -> TokenPart
    ) throws -> FilledTokens

    /// Runs `body` in each process; if it throws in one, it throws in all.
    func together<Value>(_ body: () throws -> Value) throws -> Value

    /// A warning, if memory could not be shared.
    var refusal: Failure? { get }
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
        ofTexts count: Int, checksum: UInt32, name: String, _ tokenize: (Range<Int>) throws -> TokenPart
    ) throws -> FilledTokens {
        try FilledTokens(tokenize(0..<count))
    }

    package func together<Value>(_ body: () throws -> Value) throws -> Value { try body() }
}
