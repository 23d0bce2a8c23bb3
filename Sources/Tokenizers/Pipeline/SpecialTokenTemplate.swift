import Diagnostics

/// Special tokens around one text and around a pair, and how texts that do not fit are truncated.
///
///     [CLS] A [SEP]                      segments 0 … 0
///     [CLS] A [SEP] B [SEP]              segments 0 … 0 1 … 1
struct SpecialTokenTemplate: Sendable {
    /// A place of the template and the segment of its tokens.
    struct Piece: Sendable {
        enum Content: Sendable, Equatable { case special(Int32), first, second }

        let content: Content
        let segment: Int32
    }

    private let single: [Piece]
    private let pair: [Piece]

    /// Checks that `single` holds the first text and `pair` the first before the second, once each, in
    /// segments 0 and then 1; nil otherwise.
    init?(single: [Piece], pair: [Piece]) {
        func isWhole(_ pieces: [Piece], _ texts: [Piece.Content]) -> Bool {
            let segments = pieces.map(\.segment)
            return pieces.map(\.content).filter { $0 == .first || $0 == .second } == texts
                && segments.allSatisfy { (0...1).contains($0) }
                && zip(segments, segments.dropFirst()).allSatisfy { $0 <= $1 }
        }
        guard isWhole(single, [.first]), isWhole(pair, [.first, .second]) else { return nil }
        self.single = single
        self.pair = pair
    }

    /// A template of a pair that begins with the template of one text.
    init(first: [Piece], second: [Piece]) {
        single = first
        pair = first + second
    }

    /// The number of segments in a pair, 1 or 2.
    var segmentsOfPair: Int { Int(pair.last?.segment ?? 0) + 1 }

    /// Fills in the texts' ids, truncated so that there are at most `limit` ids in all.
    func assemble(_ first: [Int32], _ second: [Int32]?, limit: Int) throws -> Encoding {
        let pieces = second == nil ? single : pair
        let special = pieces.count - (second == nil ? 1 : 2)
        guard limit > special else {
            throw Failure.usage(
                "a limit of \(limit) tokens leaves no room for text beside the \(special) special tokens of "
                    + (second == nil ? "one text" : "a pair"),
                remedy: "allow at least \(special + 1) tokens")
        }
        let counts = Self.share(limit - special, first.count, second?.count ?? 0)
        let total = special + counts.first + counts.second
        var encoding = Encoding(ids: [], segments: [])
        encoding.ids.reserveCapacity(total)
        encoding.segments.reserveCapacity(total)
        for piece in pieces {
            switch piece.content {
            case .special(let id): encoding.ids.append(id)
            case .first: encoding.ids += first.prefix(counts.first)
            case .second: encoding.ids += second?.prefix(counts.second) ?? []
            }
            let added = encoding.ids.count - encoding.segments.count
            encoding.segments += repeatElement(piece.segment, count: added)
        }
        return encoding
    }

    /// The number of tokens that each text keeps, by the reference's longest-first rule.
    ///
    /// The longer text is cut to the length of the shorter one. If both are still too long, each gets half of
    /// the room; an odd token goes to the text that was longer, or to the second of two equally long ones.
    private static func share(_ room: Int, _ first: Int, _ second: Int) -> (first: Int, second: Int) {
        if first + second <= room { return (first, second) }
        let shorter = min(first, second)
        let longer = max(shorter, room - shorter)
        if shorter + longer <= room { return first > second ? (longer, shorter) : (shorter, longer) }
        let half = room / 2
        return first > second ? (half + room % 2, half) : (half, half + room % 2)
    }

    func add(to fingerprint: inout Fingerprint) {
        for pieces in [single, pair] {
            fingerprint.add(pieces.count)
            for piece in pieces {
                switch piece.content {
                case .special(let id): fingerprint.add(Int(id))
                case .first: fingerprint.add(-1)
                case .second: fingerprint.add(-2)
                }
                fingerprint.add(Int(piece.segment))
            }
        }
    }
}
