/// Cuts normalised text into the words that the model sees one by one.
protocol PreTokenizer: Sendable {
    /// The text with what the pre-tokeniser adds to it; nil if it adds nothing, as by default.
    func prepared(_ text: ArraySlice<UInt8>) -> [UInt8]?
    /// Visits the words in order. They do not overlap; text between them is dropped.
    func forEachWord(in text: ArraySlice<UInt8>, _ visit: (Range<Int>) -> Void)
    func add(to fingerprint: inout Fingerprint)
}

extension PreTokenizer {
    func prepared(_ text: ArraySlice<UInt8>) -> [UInt8]? { nil }
}
