import Synchronization
import Tokenizers

/// A tokenizer that counts its calls.
final class CountingTokenizer: Tokenizer {
    private let base: any Tokenizer
    private let calls = Mutex(0)
    var count: Int { calls.withLock { $0 } }

    let identity: String

    /// `identity` replaces the base's.
    init(_ base: any Tokenizer, identity: String? = nil) {
        self.base = base
        self.identity = identity ?? base.identity
    }

    var name: String { base.name }
    var vocabularySize: Int { base.vocabularySize }
    var segmentsOfPair: Int { base.segmentsOfPair }
    func token(_ id: Int32) -> String? { base.token(id) }

    func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding {
        calls.withLock { $0 += 1 }
        return try base.encode(first, second, limit: limit)
    }
}
