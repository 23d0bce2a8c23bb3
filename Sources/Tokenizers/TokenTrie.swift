/// Tokens by their UTF-8 bytes, for finding the longest one at a place.
///
/// Bytes, not Swift strings: equality of strings is canonical equivalence, under which a composed and a
/// decomposed `é` are one key, whereas a vocabulary may hold both. Tokens and text are valid UTF-8, so a
/// match always ends between scalars.
struct TokenTrie: Sendable {
    /// A place in the trie: the bytes read so far.
    typealias Node = UInt32

    /// Where nothing has been read.
    static let root: Node = 0

    private var children: [UInt64: Node] = [:]
    private var values: [Int32] = [-1]

    /// Whether no token was inserted.
    var isEmpty: Bool { children.isEmpty }

    /// Inserts a token; false if it is there already or is empty.
    mutating func insert(_ token: some Sequence<UInt8>, _ value: Int32) -> Bool {
        var node = TokenTrie.root
        for byte in token {
            let key = TokenTrie.key(node, byte)
            if let next = children[key] {
                node = next
            } else {
                let next = Node(values.count)
                children[key] = next
                values.append(-1)
                node = next
            }
        }
        guard node != TokenTrie.root, values[Int(node)] < 0 else { return false }
        values[Int(node)] = value
        return true
    }

    /// The node that is reached by reading the bytes, if any token begins with them.
    func node(after bytes: some Sequence<UInt8>) -> Node? {
        var node = TokenTrie.root
        for byte in bytes {
            guard let next = children[TokenTrie.key(node, byte)] else { return nil }
            node = next
        }
        return node
    }

    /// The value of exactly this token.
    func value(of token: some Sequence<UInt8>) -> Int32? {
        node(after: token).map { values[Int($0)] }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// The longest token that continues `node` from `start` on and reads at least one byte.
    func longest(
        in bytes: ArraySlice<UInt8>, from start: Int, to end: Int, at node: Node
    ) -> (value: Int32, end: Int)? {
        var node = node
        var found: (value: Int32, end: Int)?
        var position = start
        while position < end, let next = children[TokenTrie.key(node, bytes[position])] {
            node = next
            position += 1
            let value = values[Int(node)]
            if value >= 0 { found = (value, position) }
        }
        return found
    }

    private static func key(_ node: Node, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }
}
