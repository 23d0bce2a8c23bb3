package import Diagnostics

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
