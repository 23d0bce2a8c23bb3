package import Encoders

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
