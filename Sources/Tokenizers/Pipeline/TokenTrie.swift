/// Tokens by their UTF-8 bytes, for the longest match at a position.
///
/// Keys are bytes because equality of Swift's strings is canonical equivalence: a composed and a decomposed
/// `é` would be one key, and a vocabulary may hold both. Tokens and text are valid UTF-8, so a match always
/// ends between scalars.
struct TokenTrie: Sendable {
    /// The bytes read so far.
    typealias Node = UInt32

    /// No byte read.
    static let root: Node = 0

    private var children: [UInt64: Node] = [:]
    private var values: [Int32] = [-1]

    var isEmpty: Bool { children.isEmpty }

    /// Inserts a token; returns false if it is empty or already there.
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

    /// The node behind the bytes; nil if no token begins with them.
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
