import Diagnostics

/// Special tokens around one or two texts, and what is cut when they do not fit.
///
///     [CLS] first [SEP]                      segments 0 … 0
///     [CLS] first [SEP] second [SEP]         segments 0 … 0 1 … 1
struct PairTemplate: Sendable {
    var begin: Int32
    var separate: Int32

    /// Assembles an encoding of at most `limit` ids; each text loses its end.
    func assemble(_ first: [Int32], _ second: [Int32]?, limit: Int) throws -> Encoding {
        let special = second == nil ? 2 : 3
        guard limit > special else {
            throw Failure.usage(
                "a limit of \(limit) tokens has no room for text beside the \(special) special tokens of "
                    + (second == nil ? "one text" : "a pair"),
                remedy: "allow at least \(special + 1) tokens")
        }
        let room = limit - special
        guard let second else {
            let ids = [begin] + first.prefix(room) + [separate]
            return Encoding(ids: ids, segments: [Int32](repeating: 0, count: ids.count))
        }
        let (firstCount, secondCount) = PairTemplate.share(room, first.count, second.count)
        let head = [begin] + first.prefix(firstCount) + [separate]
        let tail = second.prefix(secondCount) + [separate]
        return Encoding(
            ids: head + tail,
            segments: [Int32](repeating: 0, count: head.count) + [Int32](repeating: 1, count: tail.count))
    }

    /// How many tokens of each text stay, by the rule that the reference calls longest-first.
    ///
    /// The longer text is cut until it is as long as the shorter one. If both are still too long, each
    /// gets half of the room; an odd token goes to the text that was longer, and of two equally long
    /// texts to the second.
    static func share(_ room: Int, _ first: Int, _ second: Int) -> (first: Int, second: Int) {
        if first + second <= room { return (first, second) }
        let shorter = min(first, second)
        let longer = max(shorter, room - shorter)
        if shorter + longer <= room { return first > second ? (longer, shorter) : (shorter, longer) }
        let half = room / 2
        return first > second ? (half + room % 2, half) : (half, half + room % 2)
    }
}
