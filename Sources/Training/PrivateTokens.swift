package import Diagnostics

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
